// The street list as a file of its own (SQLite), apart from the journal: written whole by `holdfastctl streets import`,
// read whole into memory at a start. Errors name what is wrong: "open", "format", "version", "write", "empty".
#pragma once

#include "base/error.hpp"
#include "streets/list.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::streets {

inline constexpr std::size_t k_segments_max = 5'000'000;  // the largest counties have some hundred thousand

struct About {
    std::string source;       // name of the imported file
    std::int64_t imported_utc_ms = 0;
    std::int64_t segments = 0;
};

// Replaces the file in one step: a reader sees the old list or the new one.
base::Result<void> write_list(const std::string& path, const std::vector<Segment>& segments, const About& about);
// Any thread; takes about a second for 100,000 segments.
base::Result<std::shared_ptr<const List>> read_list(const std::string& path, About* about = nullptr);

}  // namespace holdfast::streets
