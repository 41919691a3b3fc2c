#include "streets/list.hpp"

#include "base/text.hpp"
#include "incident/suffixes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace holdfast::streets {
namespace {

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool is_direction(std::string_view word) {
    static constexpr std::array<std::string_view, 8> k_words{"N", "S", "E", "W", "NE", "NW", "SE", "SW"};
    return std::find(k_words.begin(), k_words.end(), word) != k_words.end();
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::string joined(std::vector<std::string>::const_iterator from, std::vector<std::string>::const_iterator to) {
    std::string out;
    for (; from != to; ++from) out += (out.empty() ? "" : " ") + *from;
    return out;
}

std::string without_spaces(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != ' ' && c != '\'' && c != '-' && c != '.') out += c;
    }
    return out;
}

std::string whole_key(std::string_view predir, std::string_view name, std::string_view suffix, std::string_view postdir,
                      std::string_view community) {
    std::string key;
    for (const auto part : {predir, std::string_view(name), suffix, postdir, community}) key.append(part).push_back('|');
    return key;
}

// Whether two words of one length or one apart differ by one letter.
bool one_apart(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    if (b.size() - a.size() > 1) return false;
    std::size_t at = 0;
    while (at < a.size() && a[at] == b[at]) ++at;
    return a.size() == b.size() ? a.substr(std::min(at + 1, a.size())) == b.substr(std::min(at + 1, b.size()))
                                : a.substr(at) == b.substr(at + 1);
}

}  // namespace

const char* to_string(Answer::Kind kind) {
    switch (kind) {
        case Answer::Kind::valid: return "valid";
        case Answer::Kind::ambiguous: return "ambiguous";
        case Answer::Kind::not_found: return "not_found";
        case Answer::Kind::unchecked: return "unchecked";
    }
    return "unchecked";
}

std::string usps_direction(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_words{
        {{"NORTH", "N"}, {"SOUTH", "S"}, {"EAST", "E"}, {"WEST", "W"}, {"NORTHEAST", "NE"}, {"NORTHWEST", "NW"}, {"SOUTHEAST", "SE"},
         {"SOUTHWEST", "SW"}}};
    const std::string given = upper(word);
    for (const auto& [whole, form] : k_words) {
        if (given == whole) return std::string(form);
    }
    return given;
}

std::string usps_suffix(std::string_view word) {
    const auto form = incident::suffix_form(lower(word));
    return form.empty() ? upper(word) : std::string(form);
}

std::string List::Street::text() const {
    std::string out;
    for (const auto* part : {&predir, &name, &suffix, &postdir}) {
        if (!part->empty()) out += (out.empty() ? "" : " ") + *part;
    }
    return out;
}

void List::add(const Segment& segment) {
    if (segment.name.empty()) return;
    const std::string name = upper(segment.name);
    const std::string community = upper(segment.community);
    const auto [place, added] = whole_.try_emplace(whole_key(segment.predir, without_spaces(name), segment.suffix, segment.postdir, community),
                                                   static_cast<std::uint32_t>(streets_.size()));
    if (added) {
        Street street;
        street.predir = segment.predir;
        street.name = name;
        street.suffix = segment.suffix;
        street.postdir = segment.postdir;
        street.community = community;
        streets_.push_back(std::move(street));
        by_name_[without_spaces(name)].push_back(place->second);
    }
    Street& street = streets_[place->second];
    for (const auto node : {segment.from_node, segment.to_node}) {
        if (node != 0) street.nodes.push_back(node);
    }
    if (segment.parity != 'Z' && segment.high > 0) {
        ranges_.push_back({place->second, std::min(segment.low, segment.high), std::max(segment.low, segment.high), segment.parity});
    }
}

void List::finish() {
    std::stable_sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.street < b.street; });
    for (std::uint32_t at = 0; at < ranges_.size(); ++at) {
        Street& street = streets_[ranges_[at].street];
        if (street.count++ == 0) street.first = at;
    }
    for (auto& street : streets_) {
        std::sort(street.nodes.begin(), street.nodes.end());
        street.nodes.erase(std::unique(street.nodes.begin(), street.nodes.end()), street.nodes.end());
    }
    for (const auto& [name, unused] : by_name_) {
        static_cast<void>(unused);
        if (name.size() < k_spelled_from) continue;
        for (std::size_t at = 0; at < name.size(); ++at) {
            if (at > 0 && name[at] == name[at - 1]) continue;
            deletions_[name.substr(0, at) + name.substr(at + 1)].push_back(name);
        }
    }
}

std::vector<std::uint32_t> List::named(const std::string& name) const {
    const auto found = by_name_.find(without_spaces(name));
    return found == by_name_.end() ? std::vector<std::uint32_t>() : found->second;
}

// Streets whose name is one letter away.
std::vector<std::uint32_t> List::spelled_like(const std::string& name_given) const {
    const std::string name = without_spaces(name_given);
    std::set<std::string> names;
    if (name.size() < k_spelled_from) return {};
    const auto take = [&](const std::string& key) {
        const auto found = deletions_.find(key);
        if (found == deletions_.end()) return;
        for (const auto& other : found->second) {
            if (other != name && one_apart(name, other)) names.insert(other);
        }
    };
    take(name);  // a letter too few was said
    for (std::size_t at = 0; at < name.size(); ++at) {
        const std::string less = name.substr(0, at) + name.substr(at + 1);
        if (less.size() >= k_spelled_from && by_name_.count(less) != 0) names.insert(less);
        take(less);
    }
    std::vector<std::uint32_t> out;
    for (const auto& other : names) {
        const auto found = by_name_.find(other);
        if (found != by_name_.end()) out.insert(out.end(), found->second.begin(), found->second.end());
    }
    return out;
}

bool List::in_range(const Street& street, std::int64_t number) const {
    for (std::uint32_t at = street.first; at < street.first + street.count; ++at) {
        const Range& range = ranges_[at];
        const bool parity = range.parity == 'B' || (number % 2 != 0) == (range.parity == 'O');
        if (parity && number >= range.low && number <= range.high) return true;
    }
    return false;
}

List::Parts List::parts_of(std::string_view street, std::string_view community) {
    const auto words = words_of(street);
    Parts parts;
    parts.community = upper(community);
    auto from = words.begin();
    auto to = words.end();
    if (to - from > 1 && is_direction(*from)) parts.predir = *from++;
    if (to - from > 1 && is_direction(*(to - 1))) parts.postdir = *--to;
    if (to - from > 1 && incident::suffix_form(lower(*(to - 1))) == *(to - 1)) parts.suffix = *--to;
    parts.name = joined(from, to);
    return parts;
}

Answer List::address(std::int64_t number, const Parts& parts) const {
    using Kind = Answer::Kind;
    const auto place = [number](const Street& street) {
        return std::to_string(number) + " " + street.text() + (street.community.empty() ? "" : ", " + street.community);
    };
    const auto maybe = [&](const std::vector<std::uint32_t>& list, const char* why) {
        Answer answer{Kind::ambiguous, why, {}};
        for (const auto at : list) {
            if (answer.candidates.size() < k_candidates_max && in_range(streets_[at], number)) answer.candidates.push_back(place(streets_[at]));
        }
        return answer;
    };
    const auto same = named(parts.name);
    if (same.empty()) {
        auto answer = maybe(spelled_like(parts.name), "spelling");
        return answer.candidates.empty() ? Answer{Kind::not_found, "street", {}} : answer;
    }
    std::vector<std::uint32_t> exact, elsewhere;
    for (const auto at : same) {
        const Street& street = streets_[at];
        if (street.predir != parts.predir || street.suffix != parts.suffix || street.postdir != parts.postdir) continue;
        if (parts.community.empty() || street.community.empty() || street.community == parts.community) exact.push_back(at);
        else elsewhere.push_back(at);
    }
    std::vector<std::uint32_t> there;
    std::copy_if(exact.begin(), exact.end(), std::back_inserter(there), [&](std::uint32_t at) { return in_range(streets_[at], number); });
    if (there.size() == 1) return {Kind::valid, "", {}};
    if (there.size() > 1) return maybe(there, "community");
    if (!exact.empty()) return {Kind::not_found, "range", {}};
    if (auto answer = maybe(elsewhere, "community"); !answer.candidates.empty()) return answer;
    const bool suffix = std::any_of(same.begin(), same.end(), [&](std::uint32_t at) {
        return streets_[at].predir == parts.predir && streets_[at].postdir == parts.postdir;
    });
    auto answer = maybe(same, suffix ? "suffix" : "direction");
    return answer.candidates.empty() ? Answer{Kind::not_found, "range", {}} : answer;
}

Answer List::crossing(const Parts& a, const Parts& b) const {
    using Kind = Answer::Kind;
    const auto meet = [this](std::uint32_t x, std::uint32_t y) {
        const auto& first = streets_[x].nodes;
        const auto& second = streets_[y].nodes;
        return x != y && std::any_of(first.begin(), first.end(), [&](std::uint64_t node) { return std::binary_search(second.begin(), second.end(), node); });
    };
    const auto exact = [this](const Parts& parts, std::uint32_t at) {
        const Street& street = streets_[at];
        return street.predir == parts.predir && street.suffix == parts.suffix && street.postdir == parts.postdir &&
               (parts.community.empty() || street.community.empty() || street.community == parts.community);
    };
    auto first = named(a.name);
    auto second = named(b.name);
    const bool spelled = first.empty() || second.empty();
    if (first.empty()) first = spelled_like(a.name);
    if (second.empty()) second = spelled_like(b.name);
    if (first.empty() || second.empty()) return {Kind::not_found, "street", {}};
    std::vector<std::string> good, near;
    for (const auto x : first) {
        for (const auto y : second) {
            if (!meet(x, y)) continue;
            auto& list = !spelled && exact(a, x) && exact(b, y) ? good : near;
            std::string text = streets_[x].text() + " & " + streets_[y].text();
            if (!streets_[x].community.empty()) text += ", " + streets_[x].community;
            if (list.size() < k_candidates_max) list.push_back(std::move(text));
        }
    }
    if (good.size() == 1) return {Kind::valid, "", {}};
    if (good.size() > 1) return {Kind::ambiguous, "community", std::move(good)};
    if (!near.empty()) return {Kind::ambiguous, spelled ? "spelling" : "suffix", std::move(near)};
    return {Kind::not_found, "crossing", {}};
}

Answer List::check(std::string_view kind, std::string_view normal) const {
    if (streets_.empty()) return {};
    std::string_view community;
    if (const auto comma = normal.find(", "); comma != std::string_view::npos) {
        community = normal.substr(comma + 2);
        community = community.substr(0, community.find(','));
        normal = normal.substr(0, comma);
    }
    if (kind == "crossing") {
        const auto middle = normal.find(" & ");
        if (middle == std::string_view::npos) return {};
        return crossing(parts_of(normal.substr(0, middle), community), parts_of(normal.substr(middle + 3), community));
    }
    if (kind != "address" && kind != "block") return {};
    auto words = words_of(normal);
    if (words.size() < 2) return {};
    std::string digits = words.front();
    while (!digits.empty() && (digits.back() < '0' || digits.back() > '9')) digits.pop_back();  // "12A"
    const auto number = base::parse_decimal(digits.substr(0, digits.find('-')));
    if (!number) return {};
    words.erase(words.begin());
    if (kind == "block" && words.front() == "BLOCK") words.erase(words.begin());
    static const std::set<std::string> k_units{"APT", "UNIT", "STE", "RM", "FL", "LOT", "TRLR", "BLDG", "SPC", "BSMT", "UPPR", "REAR", "LOWR", "FRNT"};
    const auto unit = std::find_if(words.begin(), words.end(), [&](const std::string& word) { return k_units.count(word) != 0; });
    if (unit != words.begin()) words.erase(unit, words.end());
    if (words.empty()) return {};
    return address(*number, parts_of(joined(words.begin(), words.end()), community));
}

}  // namespace holdfast::streets
