#include "base/text.hpp"
#include "streets/file.hpp"
#include "streets/import.hpp"

#include <array>
#include <optional>

namespace holdfast::streets {
namespace {

constexpr std::size_t k_field_bytes_max = 200;
constexpr std::size_t k_problems_max = 10;
constexpr std::array<std::string_view, 10> k_columns{"predir", "name", "suffix", "postdir", "community",
                                                     "low",    "high", "parity", "from_node", "to_node"};
enum Column { k_predir, k_name, k_suffix, k_postdir, k_community, k_low, k_high, k_parity, k_from_node, k_to_node };

// One record of RFC 4180, quoted fields included; false at the end.
bool next_record(std::string_view& text, std::vector<std::string>& fields, std::int64_t& lines) {
    fields.clear();
    if (text.empty()) return false;
    std::string field;
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') ++lines;
        if (quoted) {
            if (c != '"') field += c;
            else if (at + 1 < text.size() && text[at + 1] == '"') field += text[++at];
            else quoted = false;
        } else if (c == '"' && field.empty()) {
            quoted = true;
        } else if (c == ',') {
            fields.push_back(std::move(field));
            field.clear();
        } else if (c == '\n') {
            break;
        } else if (c != '\r') {
            field += c;
        }
    }
    fields.push_back(std::move(field));
    text.remove_prefix(std::min(at + 1, text.size()));
    return true;
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return std::string(text);
}

}  // namespace

base::Result<Imported> import_csv(std::string_view text) {
    if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
    Imported out;
    std::vector<std::string> fields;
    std::int64_t line = 1;
    if (!next_record(text, fields, line)) return base::make_error(base::Condition::fatal, "empty", "the file is empty");
    std::array<std::optional<std::size_t>, k_columns.size()> at{};
    for (std::size_t n = 0; n < fields.size(); ++n) {
        for (std::size_t column = 0; column < k_columns.size(); ++column) {
            if (base::equal_ignoring_case(trimmed(fields[n]), k_columns[column])) at[column] = n;
        }
    }
    for (const auto column : {k_name, k_low, k_high}) {
        if (!at[column]) {
            return base::make_error(base::Condition::fatal, "format", "the first line names no column \"" + std::string(k_columns[column]) + "\"");
        }
    }
    for (std::int64_t here = line; next_record(text, fields, line); here = line) {
        if (fields.size() == 1 && fields[0].empty()) continue;
        ++out.rows;
        const auto bad = [&](const std::string& why) {
            ++out.passed_over;
            if (out.problems.size() < k_problems_max) out.problems.push_back("line " + std::to_string(here) + ": " + why);
        };
        const auto get = [&](Column column) { return at[column] && *at[column] < fields.size() ? trimmed(fields[*at[column]]) : std::string(); };
        std::string too_long;
        for (const auto& field : fields) {
            if (field.size() > k_field_bytes_max || !base::is_utf8(field)) too_long = "a field is too long, or not UTF-8";
        }
        const auto low = base::parse_decimal(get(k_low));
        const auto high = base::parse_decimal(get(k_high));
        Segment segment;
        segment.predir = usps_direction(get(k_predir));
        segment.name = get(k_name);
        segment.suffix = usps_suffix(get(k_suffix));
        segment.postdir = usps_direction(get(k_postdir));
        segment.community = get(k_community);
        const std::string parity = get(k_parity);
        segment.parity = parity.empty() ? 'B' : parity == "odd" ? 'O' : parity == "even" ? 'E' : parity == "both" ? 'B' : parity.front();
        segment.from_node = static_cast<std::uint64_t>(base::parse_decimal(get(k_from_node)).value_or(0));
        segment.to_node = static_cast<std::uint64_t>(base::parse_decimal(get(k_to_node)).value_or(0));
        if (!too_long.empty()) bad(too_long);
        else if (segment.name.empty()) bad("no name");
        else if (!low || !high) bad("low or high is not a number");
        else if (std::string_view("OEBZ").find(segment.parity) == std::string_view::npos) bad("parity is none of O, E, B, Z");
        else {
            segment.low = *low;
            segment.high = *high;
            out.segments.push_back(std::move(segment));
        }
        if (out.segments.size() > k_segments_max) return base::make_error(base::Condition::fatal, "too_large", "more rows than any county has");
    }
    if (out.segments.empty()) return base::make_error(base::Condition::fatal, "empty", "no row of it is a street");
    return out;
}

}  // namespace holdfast::streets
