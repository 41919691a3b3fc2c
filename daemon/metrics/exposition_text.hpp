// The words of the Prometheus text format 0.0.4 that every writer of this room needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::metrics {

void append_number(std::string& out, double value);  // shortest form; +Inf, -Inf, NaN
void append_header(std::string& out, std::string_view name, std::string_view help,
                   std::string_view type);
void append_label_value(std::string& out, std::string_view value);  // escaped, without the quotes
void append_sample(std::string& out, std::string_view name, double value);
void append_sample(std::string& out, std::string_view name, std::uint64_t value);

}  // namespace holdfast::metrics
