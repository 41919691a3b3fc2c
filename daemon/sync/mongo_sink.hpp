// MongoDB as a sink, by libmongoc: unordered bulks that may be sent any number of times.
#pragma once

#include "base/error.hpp"
#include "base/sensitive.hpp"
#include "sync/sink.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace holdfast::sync {

struct MongoSettings {
    base::Secret uri;                               // mongodb:// or mongodb+srv://, with its password; never logged
    std::string database = "holdfast";
    std::string tls_ca_file;                        // empty: the system's
    std::string site_id;
    // cpp-daemon.md, section 4; the socket's is the matrix's (M02).
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds selection_timeout{5'000};
    std::chrono::milliseconds socket_timeout{10'000};
    std::chrono::milliseconds write_timeout{5'000};  // of the majority
};

// Connects to nobody yet. Errors: "mongodb_uri" (fatal), which does not repeat the URI.
// The library is initialised with the first of them and cleaned up by end_mongo().
base::Result<std::unique_ptr<Sink>> make_mongo_sink(MongoSettings settings);
void end_mongo();  // once, when no sink is left

}  // namespace holdfast::sync
