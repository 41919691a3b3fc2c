// Query strings of the REST routes. Strict: only the names a route knows, each at most once, values
// as plain text (nothing we accept needs percent encoding). Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

class Query {
  public:
    // On a malformed, unknown or repeated parameter nothing is returned and `problem` says which.
    static std::optional<Query> parse(std::string_view text,
                                      std::initializer_list<std::string_view> known,
                                      std::string& problem);
    std::optional<std::string_view> get(std::string_view name) const;
    // Of a list: limit=1..1000, `otherwise` without one. Nothing: it is something else, and k_bad_limit says so.
    std::optional<std::int64_t> limit(std::int64_t otherwise) const;
    static constexpr std::string_view k_bad_limit = "limit is a number from 1 to 1000";

  private:
    std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace holdfast::http
