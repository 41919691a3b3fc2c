// The key that a call's recording is sealed with. Whoever destroys it makes every copy of the file unreadable.
#pragma once

#include "base/ids.hpp"
#include "base/sensitive.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace holdfast::recording {

constexpr std::size_t k_key_bytes = 32;

struct FileKey {
    enum class Kind {
        none,         // nothing is sealed: files are written in the clear
        key,          // `key` holds k_key_bytes
        unavailable,  // it exists, or is about to, and cannot be had now: nothing is written, least of all in the clear
    };
    Kind kind = Kind::none;
    base::Secret key;
    std::vector<base::Secret> others;  // the same call may have been sealed with these; tried for reading only
};

// May not block, and may be asked again and again. The recorder asks on its own thread, a reader on its.
using FileKeys = std::function<FileKey(const base::CallSid&)>;

}  // namespace holdfast::recording
