// Finished recordings on a disk in memory, made by the recorder's own file.
#pragma once

#include "recording/file.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::test {

inline const base::CallSid k_call = *base::CallSid::parse("CA00000000000000000000000000001234");

inline const recording::FileKey k_file_key{recording::FileKey::Kind::key,
                                           base::Secret(std::string(recording::k_key_bytes, 'k')), {}};

// The box says a steady tone all the while, which must never be sent.
inline recording::Finished record(const std::string& folder, const std::string& caller, std::int64_t offset_ms = 0,
                                  std::int64_t utc_ms = 1'790'000'000'000, const recording::FileKey& key = {}) {
    recording::Disk disk;
    recording::Identity identity;
    identity.call = k_call;
    identity.generation = "g1";
    identity.utc_ms = utc_ms;
    identity.offset_ms = offset_ms;
    identity.retention_class = "canned";
    auto file = recording::File::create(disk, folder, identity, key);
    EXPECT_TRUE(file);
    if (!file) return {};
    EXPECT_TRUE((*file)->write(recording::Leg::caller, 0, caller));
    EXPECT_TRUE((*file)->write(recording::Leg::box, 0, std::string(caller.size(), 'b')));
    auto finished = (*file)->finish(static_cast<std::int64_t>(caller.size()), 0);
    EXPECT_TRUE(finished);
    if (!finished) return {};
    EXPECT_TRUE(recording::File::publish(disk, folder, finished->name));
    return *finished;
}

}  // namespace holdfast::test
