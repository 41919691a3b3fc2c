// The configuration loader on any bytes. Whatever comes in: no crash, and either a Config or
// problems, each on one line. Files and credentials are out of reach: load_texts() with an empty
// environment. A byte 0x1e, which no configuration may hold, parts one file from the next.
#include "config/yaml_loader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace config = holdfast::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(text.find('\x1e'), text.size());
    std::vector<config::Source> sources{{"fuzz.yaml", std::string(text.substr(0, end))}};
    if (end < text.size()) sources.push_back({"conf.d/fuzz.yaml", std::string(text.substr(end + 1))});
    const config::LoadResult result = config::load_texts(sources, config::Environment());
    if (result.config.has_value() == !result.problems.empty()) std::abort();
    for (const auto& problem : result.problems) {
        if (to_string(problem).find('\n') != std::string::npos) std::abort();
    }
    if (result.config && !config::diff_reload(*result.config, *result.config).needs_restart.empty())
        std::abort();
    return 0;
}
