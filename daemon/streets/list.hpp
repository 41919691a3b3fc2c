// The agency's own streets, and whether a place that a caller named is one of them. Pure: in memory, built once,
// then read by anybody.
//
// Nothing is ever changed: a place that is nearly one of the list is answered with what it may be, for somebody to
// ask. One letter often is another real street (incident-domain.md 8), so a name that differs by one is a candidate
// and never an answer; numbers are never fuzzed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::streets {

// A stretch of a street with the house numbers along it, as a row of an MSAG or one side of a centreline; or one
// address point (low == high). All in capitals and USPS forms: "N", "OAK", "ST".
struct Segment {
    std::string predir, name, suffix, postdir;
    std::string community;
    std::int64_t low = 0;
    std::int64_t high = 0;
    char parity = 'B';           // O odd, E even, B both, Z none
    std::uint64_t from_node = 0; // streets that share one meet; 0: not known
    std::uint64_t to_node = 0;
};

struct Answer {
    enum class Kind { valid, ambiguous, not_found, unchecked } kind = Kind::unchecked;
    // Why it is not valid: "suffix", "direction", "community", "spelling", "range", "street", "crossing".
    const char* why = "";
    std::vector<std::string> candidates;  // of an ambiguous one, at most k_candidates_max, in the form of a place
};
const char* to_string(Answer::Kind kind);

inline constexpr std::size_t k_candidates_max = 8;
inline constexpr std::size_t k_spelled_from = 5;  // letters; shorter names differ by one from too many others

class List {
  public:
    // Any order; before the first check.
    void add(const Segment& segment);
    void finish();

    // `kind` and `normal` of an incident::Place: address, block and crossing are checked; everything else is not.
    Answer check(std::string_view kind, std::string_view normal) const;

    std::size_t streets() const { return streets_.size(); }
    std::size_t segments() const { return ranges_.size(); }

  private:
    struct Range {
        std::uint32_t street = 0;
        std::int64_t low = 0, high = 0;
        char parity = 'B';
    };
    struct Street {
        std::string predir, name, suffix, postdir, community;
        std::uint32_t first = 0, count = 0;  // of ranges_, after finish()
        std::vector<std::uint64_t> nodes;    // sorted, after finish()
        std::string text() const;            // "N OAK ST"
    };
    struct Parts {
        std::string predir, name, suffix, postdir, community;
    };

    static Parts parts_of(std::string_view street, std::string_view community);
    Answer address(std::int64_t number, const Parts& parts) const;
    Answer crossing(const Parts& a, const Parts& b) const;
    bool in_range(const Street& street, std::int64_t number) const;
    std::vector<std::uint32_t> named(const std::string& name) const;
    std::vector<std::uint32_t> spelled_like(const std::string& name) const;

    std::vector<Street> streets_;
    std::vector<Range> ranges_;
    std::unordered_map<std::string, std::uint32_t> whole_;                 // all five parts -> street
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_name_;  // without spaces
    std::unordered_map<std::string, std::vector<std::string>> deletions_;  // one letter less -> names
};

// A word of a direction or a suffix, however it is written, in its USPS form; what is neither comes back in capitals.
std::string usps_direction(std::string_view word);
std::string usps_suffix(std::string_view word);

}  // namespace holdfast::streets
