#include "faults.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <numeric>

namespace holdfast::sim {
namespace {

base::Error bad(const std::string& detail) {
    return base::make_error(base::Condition::reject, "fault", detail);
}

std::optional<Range> parse_range(std::string_view text) {
    Range range;
    if (!text.empty() && text.back() == '-') {
        range.onward = true;
        text.remove_suffix(1);
    }
    const auto n = base::parse_decimal(text);
    if (!n || *n < 1 || *n > 1'000'000) return std::nullopt;
    range.first = static_cast<int>(*n);
    return range;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
        }
    }
    return row.back();
}

}  // namespace

int Fault::number(int otherwise) const {
    std::string_view text = value;
    int unit = 1;
    if (text.size() > 2 && text.substr(text.size() - 2) == "ms") {
        text.remove_suffix(2);
    } else if (text.size() > 1 && text.back() == 's') {
        text.remove_suffix(1);
        unit = 1000;
    }
    const auto n = base::parse_decimal(text);
    return n ? static_cast<int>(*n) * unit : otherwise;
}

std::string nearest(std::string_view word, const std::vector<std::string>& words) {
    std::string best;
    std::size_t distance = 4;  // further off is no hint
    for (const auto& candidate : words) {
        const std::size_t d = edit_distance(word, candidate);
        if (d < distance) {
            distance = d;
            best = candidate;
        }
    }
    return best;
}

base::Result<Fault> parse_fault(std::string_view text, const std::vector<FaultName>& known) {
    Fault fault;
    const std::string whole(text);
    while (true) {  // options from the right; a value may hold colons of its own
        const std::size_t colon = text.rfind(':');
        if (colon == std::string_view::npos) break;
        const std::string_view option = text.substr(colon + 1);
        const bool turn = option.substr(0, 5) == "turn=";
        const bool connection = option.substr(0, 5) == "conn=";
        if (!turn && !connection) break;
        const auto range = parse_range(option.substr(5));
        if (!range)
            return bad(whole + ": '" + std::string(option) + "' wants a number from 1, or N-");
        (turn ? fault.turn : fault.connection) = *range;
        text = text.substr(0, colon);
    }
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        const auto ms = base::parse_decimal(text.substr(at + 1));
        if (!ms || *ms > 86'400'000) return bad(whole + ": '@' wants milliseconds");
        fault.at_ms = static_cast<int>(*ms);
        text = text.substr(0, at);
    }
    const std::size_t equals = text.find('=');
    fault.name.assign(text.substr(0, equals));
    if (equals != std::string_view::npos) fault.value.assign(text.substr(equals + 1));
    std::vector<std::string> names;
    for (const auto& k : known) names.emplace_back(k.name);
    if (std::find(names.begin(), names.end(), fault.name) != names.end()) return fault;
    const std::string hint = nearest(fault.name, names);
    return bad("no fault '" + fault.name + "'" +
               (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
}

std::string list_faults(const std::vector<FaultName>& known) {
    std::string out;
    for (const auto& k : known) {
        std::string line = std::string("  ") + k.name;
        line.resize(std::max<std::size_t>(line.size() + 2, 24), ' ');
        out += line + k.help + "\n";
    }
    return out;
}

const Fault* FaultSet::find(std::string_view name, int turn, int connection) const {
    for (const auto& fault : faults_) {
        if (fault.name == name && (turn == 0 || fault.turn.covers(turn)) &&
            (connection == 0 || fault.connection.covers(connection))) {
            return &fault;
        }
    }
    return nullptr;
}

}  // namespace holdfast::sim
