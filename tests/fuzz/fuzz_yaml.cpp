// The configuration loader on any bytes. Whatever comes in: no crash, and either a Config or
// problems, each on one line. Files and credentials are out of reach: load_text() with an empty
// environment.
#include "config/yaml_loader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace config = holdfast::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const config::LoadResult result = config::load_text(text, "fuzz.yaml", config::Environment());
    if (result.config.has_value() == !result.problems.empty()) std::abort();
    for (const auto& problem : result.problems) {
        if (to_string(problem).find('\n') != std::string::npos) std::abort();
    }
    if (result.config && !config::diff_reload(*result.config, *result.config).needs_restart.empty())
        std::abort();
    return 0;
}
