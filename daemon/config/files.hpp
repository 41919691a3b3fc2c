// Reading the small files that a configuration names.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace holdfast::config {

struct FileContent {
    std::string problem;  // empty: the rest is good
    std::string text;
    mode_t mode = 0;  // permission bits
    uid_t owner = 0;
};

// A regular file of at most `bytes_max`; never blocks on a pipe or a device.
FileContent read_file(const std::string& path, std::size_t bytes_max);

}  // namespace holdfast::config
