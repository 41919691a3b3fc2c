// Reading the small files that a configuration names.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::config {

struct FileContent {
    std::string problem;  // empty: the rest is good
    std::string text;
    mode_t mode = 0;  // permission bits
    uid_t owner = 0;
};

// A regular file of at most `bytes_max`; never blocks on a pipe or a device.
FileContent read_file(const std::string& path, std::size_t bytes_max);

struct FolderContent {
    std::string problem;   // empty: the rest is good
    std::string expected;
    std::vector<std::string> paths;
};

// The `*.yaml` in a folder, in byte order of their names; hidden files are an editor's and are passed over. No folder: no
// files. What they are is for who reads them to see.
FolderContent list_yaml(const std::string& folder, std::size_t files_max);

}  // namespace holdfast::config
