#include "http/query.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace holdfast::http {
namespace {
constexpr std::int64_t k_limit_max = 1000;
}

std::optional<Query> Query::parse(std::string_view text,
                                  std::initializer_list<std::string_view> known,
                                  std::string& problem) {
    Query query;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const auto equals = pair.find('=');
        const auto name = pair.substr(0, equals);
        // Only a name that is ours is repeated in the answer.
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            problem = "unknown query parameter";
        } else if (equals == std::string_view::npos || equals + 1 == pair.size()) {
            problem = std::string(name) + " has no value";
        } else if (query.get(name)) {
            problem = std::string(name) + " is given twice";
        }
        if (!problem.empty()) return std::nullopt;
        query.values_.emplace_back(name, pair.substr(equals + 1));
    }
    return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
    for (const auto& [key, value] : values_) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::optional<std::int64_t> Query::limit(std::int64_t otherwise) const {
    const auto text = get("limit");
    if (!text) return otherwise;
    const auto number = base::parse_decimal(*text);
    if (!number || *number < 1 || *number > k_limit_max) return std::nullopt;
    return number;
}

}  // namespace holdfast::http
