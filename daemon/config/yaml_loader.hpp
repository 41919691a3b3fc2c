// Reads holdfast.yaml and conf.d: the whole of it is right, or every problem is reported at once and
// there is no Config. Only this file's .cpp knows yaml-cpp. Main thread; reads files and may block.
#pragma once

#include "config/config.hpp"
#include "config/credentials.hpp"
#include "config/problem.hpp"
#include "log/log.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

constexpr std::size_t k_file_bytes_max = 1024 * 1024;  // and of all files together
constexpr std::size_t k_site_files_max = 64;
constexpr std::size_t k_nodes_max = 10'000;  // the full reference has about 120
constexpr std::size_t k_depth_max = 16;      // ... and a depth of 3
constexpr std::size_t k_problems_max = 100;
constexpr std::size_t k_instructions_bytes_max = 32 * 1024;

struct LoadResult {
    std::optional<Config> config;    // only when there is no problem
    std::vector<Problem> problems;   // file by file, each in its order
    std::vector<std::string> notes;  // right, but the operator should know
    std::vector<std::string> files;  // that were read, in their order
};

// Reads `path`, then every `*.yaml` of the folder `conf.d` beside it in byte order of their names, each
// laid over those before it. Also reads the instructions, and checks that the files named in it exist
// and are not open to everybody.
LoadResult load_file(const std::string& path, const Environment& environment);

// Does not look at files named in `text`; credentials come from `environment`.
LoadResult load_text(std::string_view text, const std::string& name,
                     const Environment& environment);

struct Source {
    std::string name;
    std::string text;
};

// The same for several, each laid over those before it. At least one.
LoadResult load_texts(const std::vector<Source>& sources, const Environment& environment);

struct ReloadDiff {
    std::vector<std::string> applied;        // changed, in force after the reload
    std::vector<std::string> needs_restart;  // changed, the running value stays
    Config effective;  // `next` with the running value of every key that needs a restart
};

// What a reload from `running` to `next` changes. Use `effective` and not `next`: rules between
// keys (unsigned webhooks only on loopback) were checked for a restart with all of `next`.
ReloadDiff diff_reload(const Config& running, const Config& next);

// Every key with its default and explanation, as YAML: etc/holdfast.yaml is this text.
std::string reference_yaml();

// The same as the manual page holdfast.yaml(5), in roff: debian/holdfast.yaml.5 is this text.
std::string reference_manual();

log::Level log_level(const Config& config);
log::Format log_format(const Config& config);  // decides `auto`

}  // namespace holdfast::config
