#include "incident/location.hpp"

#include "incident/landmarks.hpp"
#include "incident/numbers.hpp"
#include "incident/street.hpp"
#include "incident/suffixes.hpp"
#include "incident/word_set.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace holdfast::incident {
namespace {

constexpr std::size_t k_places_max = 16;      // of one utterance
constexpr std::size_t k_house_digits_max = 6; // beyond it is a telephone number, not a house

// A place while it is being put together.
struct Found {
    PlaceKind kind = PlaceKind::area;
    std::size_t begin = 0;  // words
    std::size_t end = 0;
    std::string number;
    std::string street;     // or the whole of it, for coords and codes
    std::string name;       // of a landmark
    std::string unit;
    std::string city;
    bool complete = false;
    bool doubtful = false;
    std::string road_ref;   // " NB EXIT 12"
    bool road_known = false;
};

class Reader {
  public:
    Reader(std::string_view text, const Words& words) : text_(text), words_(words), taken_(words.size(), false) {}
    Places read();

  private:
    std::string_view word(std::size_t at) const {
        return at < words_.size() ? std::string_view(words_[at].folded) : std::string_view();
    }
    bool pause_after(std::size_t at) const { return at < words_.size() && words_[at].pause; }
    bool free(std::size_t from, std::size_t to) const;
    void keep(Found found);

    void coordinates();
    void codes();
    void roads();
    void numbered();
    bool block_at(std::size_t at);
    bool spanish_block_at(std::size_t at);
    bool address_at(std::size_t at);
    bool grid_at(std::size_t at);
    bool spanish_address_at(std::size_t at);
    void streets();
    void crossings();
    void landmarks();
    void units_and_cities();
    std::string unit_at(std::size_t at, std::size_t& end) const;
    std::string city_at(std::size_t at, std::size_t& end) const;
    void areas();
    bool road_reference(Found& found, std::size_t at) const;
    bool loc_before(std::size_t at) const;
    bool corrected_between(std::size_t from, std::size_t to) const;
    void corrections();
    Places choose();
    Place finish(const Found& found) const;

    std::string_view text_;
    const Words& words_;
    std::vector<bool> taken_;
    std::vector<Found> found_;
};

bool Reader::free(std::size_t from, std::size_t to) const {
    for (std::size_t at = from; at < to && at < taken_.size(); ++at) {
        if (taken_[at]) return false;
    }
    return true;
}

void Reader::keep(Found found) {
    if (found_.size() >= k_places_max) return;
    for (std::size_t at = found.begin; at < found.end && at < taken_.size(); ++at) taken_[at] = true;
    found_.push_back(std::move(found));
}

// ---- coordinates and codes

std::optional<std::string> decimal_at(const Words& words, std::size_t at, std::size_t& end) {
    bool minus = false;
    std::size_t here = at;
    if (here < words.size() && (words[here].folded == "minus" || words[here].folded == "negative" ||
                                words[here].folded == "menos")) {
        minus = true;
        ++here;
    }
    if (here >= words.size()) return std::nullopt;
    std::string_view written = words[here].folded;
    if (written.size() > 1 && written.front() == '-') {
        minus = true;
        written.remove_prefix(1);
    }
    const std::size_t point = written.find('.');
    std::string value;
    if (point != std::string_view::npos && is_digits(written.substr(0, point)) && is_digits(written.substr(point + 1))) {
        value = written;
        end = here + 1;
    } else if (is_numeral(written)) {
        // "one oh four point nine nine": the whole, "point", then digits in any groups
        const Number whole = read_number(words, here);
        if (whole.digits.empty() || !is_digits(whole.digits) || whole.digits.size() > 3) return std::nullopt;
        if (whole.end >= words.size() || (words[whole.end].folded != "point" && words[whole.end].folded != "punto")) {
            return std::nullopt;
        }
        const Number part = read_number(words, whole.end + 1);
        if (part.digits.empty() || !is_digits(part.digits)) return std::nullopt;
        value = whole.digits + "." + part.digits;
        end = part.end;
    } else {
        return std::nullopt;
    }
    if (end < words.size()) {
        const std::string& after = words[end].folded;
        if (after == "degrees" || after == "grados") ++end;
    }
    if (end < words.size()) {
        const std::string& after = words[end].folded;
        const bool north_east = after == "north" || after == "n" || after == "norte" || after == "e" || after == "east";
        const bool south_west = after == "south" || after == "s" || after == "sur" || after == "west" || after == "w" ||
                                after == "oeste";
        if (north_east || south_west) ++end;
        minus = minus || south_west;
    }
    return (minus ? "-" : "") + value;
}

void Reader::coordinates() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        std::size_t end = 0;
        const auto latitude = decimal_at(words_, at, end);
        if (!latitude) continue;
        std::size_t next = end;
        while (next < words_.size() && next < end + 3 &&
               (word(next) == "and" || word(next) == "longitude" || word(next) == "by" || word(next) == "y" ||
                word(next) == "longitud" || word(next) == "long" || word(next) == "lon" || word(next) == "is")) {
            ++next;
        }
        std::size_t last = 0;
        const auto longitude = decimal_at(words_, next, last);
        if (!longitude) continue;
        const auto decimals = [](const std::string& value) { return value.size() - value.find('.') - 1; };
        // Two decimals are a kilometre; three are a city block.
        Found found;
        found.kind = PlaceKind::coords;
        found.begin = at;
        while (found.begin > 0 && (word(found.begin - 1) == "latitude" || word(found.begin - 1) == "lat" ||
                                   word(found.begin - 1) == "latitud" || word(found.begin - 1) == "coordinates")) {
            --found.begin;
        }
        found.end = last;
        found.street = *latitude + "," + *longitude;
        const double lat = std::strtod(latitude->c_str(), nullptr);
        const double lon = std::strtod(longitude->c_str(), nullptr);
        if (std::abs(lat) > 90 || std::abs(lon) > 180) continue;
        found.complete = decimals(*latitude) >= 3 && decimals(*longitude) >= 3;
        keep(std::move(found));
        at = last - 1;
    }
}

bool open_location_code(std::string_view word) {
    static constexpr std::string_view k_alphabet = "23456789cfghjmpqrvwx";
    const std::size_t plus = word.find('+');
    if (plus == std::string_view::npos || (plus != 8 && plus != 6 && plus != 4)) return false;
    if (word.size() < plus + 3 || word.size() > plus + 8) return false;
    return std::all_of(word.begin(), word.end(), [](char c) { return c == '+' || k_alphabet.find(c) != std::string_view::npos; });
}

bool three_words(std::string_view word) {
    std::size_t dots = 0;
    std::size_t run = 0;
    for (const char c : word) {
        if (c == '.') {
            if (run < 3) return false;
            ++dots;
            run = 0;
        } else if (c >= 'a' && c <= 'z') {
            ++run;
        } else {
            return false;
        }
    }
    return dots == 2 && run >= 3;
}

void Reader::codes() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (taken_[at]) continue;
        Found found;
        found.kind = PlaceKind::code;
        found.begin = at;
        found.end = at + 1;
        if (open_location_code(word(at))) {
            found.street = upper(word(at));
            found.complete = word(at).find('+') == 8;
        } else if (three_words(word(at))) {
            found.street = upper(word(at));
        } else if ((word(at) == "what3words" || (word(at) == "what" && word(at + 1) == "three" && word(at + 2) == "words") ||
                    (word(at) == "what" && word(at + 1) == "3" && word(at + 2) == "words"))) {
            std::size_t here = at + (word(at) == "what3words" ? 1 : 3);
            while (here < words_.size() && (word(here) == "is" || word(here) == "are" || word(here) == "it's" ||
                                            word(here) == "says" || word(here) == "code" || word(here) == "address")) {
                ++here;
            }
            if (here < words_.size() && three_words(word(here))) continue;  // found by itself
            std::vector<std::string> parts;
            while (here < words_.size() && parts.size() < 3) {
                if (word(here) != "dot" && word(here) != "punto") parts.push_back(upper(word(here)));
                ++here;
            }
            if (parts.size() < 3) continue;
            found.street = parts[0] + "." + parts[1] + "." + parts[2];
            found.end = here;
        } else if (at + 4 < words_.size() && word(at + 1) == "dot" && word(at + 3) == "dot") {
            found.street = upper(word(at)) + "." + upper(word(at + 2)) + "." + upper(word(at + 4));
            found.end = at + 5;
        } else {
            continue;
        }
        keep(std::move(found));
        at = found_.back().end - 1;
    }
}

// ---- highways

bool Reader::road_reference(Found& found, std::size_t at) const {
    std::size_t here = at;
    std::string dir;
    std::string exit;
    std::string marker;
    const auto connective = [&](std::string_view w) {
        static const WordSet k_set(
            "at near by before past just right the around about on in a an after close to close-to heading exit's and "
            "en cerca de del la el altura antes despues pasando por al freeway highway interstate lane lanes side "
            "shoulder it's it is we're i'm somewhere like");
        return k_set.has(w);
    };
    std::size_t skipped = 0;
    while (here < words_.size() && skipped < 6) {
        std::size_t taken = 0;
        const std::string bound = dir.empty() ? travel(words_, here, taken) : std::string();
        if (!bound.empty()) {
            dir = bound;
            here += taken;
            found.end = here;
            skipped = 0;
            continue;
        }
        const std::string_view w = word(here);
        if ((w == "exit" || w == "salida") && exit.empty()) {
            std::size_t from = here + 1;
            if (word(from) == "number" || word(from) == "numero") ++from;
            const std::string_view raw = word(from);
            if (raw.size() >= 2 && raw.size() <= 4 && is_digits(raw.substr(0, raw.size() - 1)) && raw.back() >= 'a') {
                exit = upper(raw);
                here = from + 1;
            } else {
                const Number number = read_number(words_, from);
                if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() > 3) break;
                exit = number.digits;
                here = number.end;
                const std::string_view letter = word(here);
                if (letter.size() == 1 && letter[0] >= 'a' && letter[0] <= 'd' && (letter != "a" || here + 1 == words_.size())) {
                    exit += upper(letter);
                    ++here;
                }
            }
            found.end = here;
            skipped = 0;
            continue;
        }
        if ((w == "mile" || w == "mm" || w == "milepost" || w == "milla" || w == "marker" || w == "kilometro") && marker.empty()) {
            std::size_t from = here + 1;
            if (word(from) == "marker" || word(from) == "post") ++from;
            if (word(from) == "number" || word(from) == "numero") ++from;
            const std::string_view raw = word(from);
            const std::size_t point = raw.find('.');
            if (point != std::string_view::npos && is_digits(raw.substr(0, point)) && is_digits(raw.substr(point + 1))) {
                marker = raw;
                here = from + 1;
            } else {
                const Number number = read_number(words_, from);
                if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() > 3) break;
                marker = number.digits;
                here = number.end;
                if ((word(here) == "point" || word(here) == "punto") && is_numeral(word(here + 1))) {
                    const Number part = read_number(words_, here + 1);
                    if (!part.digits.empty() && is_digits(part.digits) && part.digits.size() <= 2) {
                        marker += "." + part.digits;
                        here = part.end;
                    }
                }
            }
            found.end = here;
            skipped = 0;
            continue;
        }
        if (!connective(w)) break;
        ++here;
        ++skipped;
    }
    // "... southbound, there's a tree across it, near mile marker 231": the marker comes later
    if (exit.empty() && marker.empty()) {
        for (std::size_t later = here; later + 1 < words_.size() && later < here + 14; ++later) {
            if (highway_at(words_, later)) break;
            const bool is_exit = word(later) == "exit" || word(later) == "salida";
            const bool is_mile = word(later) == "marker" || word(later) == "milepost" || word(later) == "mm" || word(later) == "milla";
            if (!is_exit && !is_mile) continue;
            const Number number = read_number(words_, later + 1);
            if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() > 3) continue;
            (is_exit ? exit : marker) = number.digits;
            break;
        }
    }
    if (!dir.empty()) found.road_ref += " " + dir;
    if (!exit.empty()) found.road_ref += " EXIT " + exit;
    if (!marker.empty()) found.road_ref += " MM " + marker;
    found.road_known = !dir.empty() && (!exit.empty() || !marker.empty());
    return !dir.empty() || !exit.empty() || !marker.empty();
}

void Reader::roads() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (taken_[at]) continue;
        Found found;
        found.kind = PlaceKind::road;
        found.begin = at;
        auto road = highway_at(words_, at);
        bool bare = false;
        // A house number before it: the address of a house on that road.
        if (road && at > 0 && is_numeral(word(at - 1)) && !pause_after(at - 1) && word(at - 1) != "one") continue;
        if (!road) {
            // "95 northbound near exit 12", "the 405"
            const bool the = at > 0 && (word(at - 1) == "the" || word(at - 1) == "la" || word(at - 1) == "el" ||
                                        word(at - 1) == "on" || word(at - 1) == "freeway" || word(at - 1) == "autopista" ||
                                        word(at - 1) == "off" || word(at - 1) == "en");
            const bool first = at == 0 || !is_numeral(word(at - 1));
            if (!is_numeral(word(at)) || !first || landmark_at(words_, at).end != 0) continue;
            const Number number = read_number(words_, at);
            if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() > 3 || number.digits.front() == '0') {
                continue;
            }
            std::size_t taken = 0;
            std::string bound = travel(words_, number.end, taken);
            const bool spelled_bound = !bound.empty() && (ends_with(word(number.end), "bound") ||
                                       word(number.end + taken - 1) == "bound" || taken > 1);
            const bool freeway = word(number.end) == "freeway" || word(number.end) == "interstate";
            const bool alone = the && number.digits.size() == 3 && number.groups <= 2 && word(at - 1) == "the" &&
                               word(number.end) != "block" && word(number.end) != "hundred" && street_at(words_, number.end) == std::nullopt;
            const bool exit_next = the && (word(number.end) == "exit" || word(number.end + 1) == "exit" ||
                                           word(number.end) == "salida" || word(number.end + 1) == "salida");
            // "the 100 northbound": and "two northbound cars" is none
            if (!(the && !bound.empty() && word(number.end + taken) != "of" ) && !spelled_bound && !freeway && !alone && !exit_next) continue;
            if (!spelled_bound && street_at(words_, number.end)) continue;  // "800 West Vernon Avenue"
            if (!the && number.digits.size() < 2) continue;
            if (spelled_bound && !the && (word(number.end + taken) == "cars" || word(number.end + taken) == "lanes")) continue;
            Street made;
            made.text = "I-" + number.digits;
            made.begin = at;
            made.end = number.end;
            road = made;
            bare = true;
        }
        found.street = road->text;
        found.end = road->end;
        const bool reference = road_reference(found, road->end);
        if (bare && !reference) found.doubtful = true;
        // "northbound I-17", "westbound on I-10"
        if (found.road_ref.find("B") == std::string::npos) {
            for (std::size_t back = 1; back <= 3 && back <= at; ++back) {
                const std::string_view w = word(at - back);
                if (ends_with(w, "bound")) {
                    std::size_t taken = 0;
                    const std::string bound = travel(words_, at - back, taken);
                    if (bound.empty()) break;
                    found.road_known = !found.road_ref.empty();
                    found.road_ref = " " + bound + found.road_ref;
                    found.begin = at - back;
                    break;
                }
                if (w != "on" && w != "the" && w != "i" && w != "lane" && w != "side" && w != "of") break;
            }
        }
        // "at the 203 on 80 eastbound": the marker first
        if (!found.road_known && at >= 2 && word(at - 1) == "on" && is_numeral(word(at - 2))) {
            std::size_t from = at - 2;
            while (from > 0 && is_numeral(word(from - 1))) --from;
            const Number marker = read_number(words_, from);
            const bool led = from > 0 && (word(from - 1) == "the" || word(from - 1) == "marker" || word(from - 1) == "mile");
            if (led && marker.end == at - 1 && is_digits(marker.digits) && marker.digits.size() <= 3 &&
                found.road_ref.find("MM") == std::string::npos) {
                found.road_ref += " MM " + marker.digits;
                found.begin = from;
                found.road_known = word(from - 1) != "the" && found.road_ref.find("B ") != std::string::npos;
            }
        }
        // "exit 12 on I-95 north", "mile marker 40 of I-80 west"
        if (!found.road_known && at >= 2) {
            std::size_t back = at;
            while (back > 0 && at - back < 3 && (word(back - 1) == "on" || word(back - 1) == "off" || word(back - 1) == "of" ||
                                                 word(back - 1) == "the" || word(back - 1) == "de" || word(back - 1) == "la" ||
                                                 word(back - 1) == "en")) {
                --back;
            }
            for (std::size_t from = back > 5 ? back - 5 : 0; back < at && from < back; ++from) {
                const bool exit = word(from) == "exit" || word(from) == "salida";
                const bool mile = (word(from) == "marker" || word(from) == "milepost" || word(from) == "mile" || word(from) == "milla") &&
                                  word(from + 1) != "marker";
                if (!exit && !mile) continue;
                const Number number = read_number(words_, from + 1);
                std::string digits = number.digits;
                std::size_t end = number.end;
                const std::string_view raw = word(from + 1);
                if (digits.empty() && raw.size() >= 2 && (raw.find('.') != std::string_view::npos || raw.back() >= 'a') &&
                    raw.front() >= '0' && raw.front() <= '9') {
                    digits = upper(raw);
                    end = from + 2;
                }
                if (digits.empty() || digits.size() > 6 || end != back) continue;
                const std::string ref = (exit ? " EXIT " : " MM ") + digits;
                if (found.road_ref.find(exit ? "EXIT" : "MM") != std::string::npos) continue;
                const bool has_dir = !found.road_ref.empty();
                found.road_ref += ref;
                found.road_known = has_dir && found.road_ref.find("B ") != std::string::npos;
                found.begin = mile && from > 0 && word(from - 1) == "mile" ? from - 1 : from;
                break;
            }
        }
        if (!free(found.begin, found.end)) continue;
        keep(std::move(found));
        at = found_.back().end - 1;
    }
}

// ---- addresses

bool Reader::loc_before(std::size_t at) const {
    if (at == 0) return false;
    static const WordSet k_set("at address is it's to live vivo direccion en al i'm we're el");
    return k_set.has(word(at - 1));
}

bool Reader::block_at(std::size_t at) {
    const Number number = read_number(words_, at);
    std::size_t here = number.end;
    std::string digits = number.digits;
    if (digits.empty() || !is_digits(digits) || digits.size() > k_house_digits_max) return false;
    if (word(here) == "hundred") ++here;
    if (word(here) == "block") {
        ++here;
    } else {
        return false;
    }
    while (word(here) == "of" || word(here) == "on") ++here;
    const auto street = loose_street_at(words_, here);
    if (!street) return false;
    Found found;
    found.kind = PlaceKind::block;
    found.begin = at;
    found.end = street->end;
    found.number = digits;
    found.street = street->text;
    found.complete = street->complete && digits.size() >= 3;
    found.doubtful = number.doubtful;
    keep(std::move(found));
    return true;
}

// "la cuadra 2100 de Oak Street"
bool Reader::spanish_block_at(std::size_t at) {
    if (at == 0 || word(at - 1) != "cuadra") return false;
    const Number number = read_number(words_, at);
    if (number.digits.size() < 3 || !is_digits(number.digits) || number.digits.size() > k_house_digits_max) return false;
    std::size_t here = number.end;
    while (word(here) == "de" || word(here) == "la") ++here;
    const auto street = loose_street_at(words_, here);
    if (!street) return false;
    Found found;
    found.kind = PlaceKind::block;
    found.begin = at - 1;
    found.end = street->end;
    found.number = number.digits;
    found.street = street->text;
    found.complete = street->complete;
    keep(std::move(found));
    return true;
}

bool Reader::grid_at(std::size_t at) {
    const Number first = read_number(words_, at);
    std::size_t taken = 0;
    if (first.digits.empty() || !is_digits(first.digits)) return false;
    const std::string dir = direction(words_, first.end, taken);
    if (dir.empty()) return false;
    std::size_t here = first.end + taken;
    if (word(here) == "and" || word(here) == "&") ++here;
    const Number second = read_number(words_, here);
    if (second.digits.empty() || !is_digits(second.digits) || second.digits.size() < 2) return false;
    std::size_t taken2 = 0;
    const std::string dir2 = direction(words_, second.end, taken2);
    if (dir2.empty()) return false;
    if (suffix_form(word(second.end)).size() > 0) return false;
    // Either the corner of two streets of a grid, or a house on one of them.
    Found found;
    found.kind = PlaceKind::crossing;
    found.begin = at;
    found.end = second.end + taken2;
    found.street = first.digits + " " + dir + " & " + second.digits + " " + dir2;
    keep(std::move(found));
    return true;
}

bool Reader::address_at(std::size_t at) {
    const Number number = read_number(words_, at);
    std::string digits = number.digits;
    bool doubtful = number.doubtful;
    std::optional<Street> street;
    if (!digits.empty()) {
        if (pause_after(number.end - 1) && number.groups < 2 && word(number.end - 1).size() < 2) return false;
        std::size_t behind = number.end;
        static const WordSet k_fillers("uh um er eh este mmm");
        while (k_fillers.has(word(behind)) && behind < number.end + 2) ++behind;  // "9 0 7 uh Glenwood"
        street = street_at(words_, behind);
        if (!street && number.groups >= 2) {
            // "12 9 street": the last part is the name of a numbered street
            street = street_at(words_, number.last_group);
            if (street) digits = number.but_last;
        }
        // "3 men on 9th street": a number that something else stands behind
        if (street && street->road && street->begin == number.end) {
            // "1200 Highway 9" is a house; "5 I-95" is not
            if (starts_with(street->text, "I-")) street.reset();
        }
    }
    const std::size_t plain = digits.find_first_not_of("0123456789");
    const std::size_t width = plain == std::string::npos ? digits.size() : plain;
    if (!street || digits.empty() || width == 0 || width > k_house_digits_max) {
        // "26 west elm", "at 1420 maple": a number and a name, no suffix
        if (digits.empty() || !is_digits(digits) || digits.size() > 5 || digits.size() < 2) return false;
        std::size_t taken = 0;
        const std::string dir = direction(words_, number.end, taken);
        const bool led = loc_before(at);
        if (dir.empty() && !led) return false;
        const auto loose = loose_street_at(words_, number.end);
        if (!loose || loose->begin != number.end) return false;
        const std::string& last = words_[loose->end - 1].folded;
        if (hardly_a_name(last) || loose->text.size() < 3) return false;
        if (dir.empty() && loose->end < words_.size() && !pause_after(loose->end - 1) && !never_a_name(word(loose->end)) &&
            loose->end - loose->begin > 1) {
            return false;
        }
        static const WordSet k_counted(
            "percent dollars weeks months days pounds feet miles mph degrees milligrams am pm pills times rounds "
            "calls units floors blocks anos meses dias personas heridos pastillas dolares oclock o'clock stories");
        if (k_counted.has(words_[loose->begin].folded)) return false;
        Found found;
        found.kind = PlaceKind::address;
        found.begin = at;
        found.end = loose->end;
        found.number = digits;
        found.street = loose->text;
        found.complete = loose->complete && !doubtful && digits.front() != '0';
        keep(std::move(found));
        return true;
    }
    Found found;
    found.kind = PlaceKind::address;
    found.begin = at;
    found.end = street->end;
    found.number = digits;
    found.street = street->text;
    found.complete = street->complete && digits.front() != '0';
    found.doubtful = doubtful;
    keep(std::move(found));
    return true;
}

// "el 450 de la calle Olive", "450 de la Olive"
bool Reader::spanish_address_at(std::size_t at) {
    const Number number = read_number(words_, at);
    if (number.digits.empty() || !is_digits(number.digits) || number.digits.size() < 2 || number.digits.size() > 5) return false;
    std::size_t here = number.end;
    if (word(here) != "de" && word(here) != "en") return false;
    ++here;
    if (word(here) == "la") ++here;
    auto street = street_at(words_, here);
    if (!street && word(here - 1) == "la") street = loose_street_at(words_, here);
    if (!street) return false;
    Found found;
    found.kind = PlaceKind::address;
    found.begin = at;
    found.end = street->end;
    found.number = number.digits;
    found.street = street->text;
    found.complete = street->complete;
    keep(std::move(found));
    return true;
}

void Reader::numbered() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (taken_[at] || !is_numeral(word(at))) continue;
        std::size_t unit_end = 0;
        const bool unit_before = at > 0 && !unit_at(at - 1, unit_end).empty() && word(at - 1) != "number" &&
                                 word(at - 1) != "#" && word(at - 1) != "numero";
        if (block_at(at) || spanish_block_at(at) || grid_at(at) || (!unit_before && (address_at(at) || spanish_address_at(at)))) {
            at = found_.back().end - 1;
            continue;
        }
        // "apartment 4 1234 Oak Street": the first part belongs to the unit
        const Number number = read_number(words_, at);
        if (unit_before && number.groups >= 2) {
            ++at;
            if (address_at(at)) {
                at = found_.back().end - 1;
                continue;
            }
            --at;
        }
        // "80 year old": the whole run is no address; "9 street" is a street
        if (number.groups == 1) {
            const auto street = street_at(words_, at);
            if (street && !street->road && street->end > at) {
                Found found;
                found.kind = PlaceKind::area;
                found.begin = street->begin;
                found.end = street->end;
                found.street = street->text;
                found.complete = street->complete;
                keep(std::move(found));
            }
        }
        if (number.end > at) at = std::max(at, number.end - 1);
    }
}

// ---- streets without a number, crossings

void Reader::streets() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (taken_[at]) continue;
        std::optional<Street> street;
        const Ordinal ordinal = read_ordinal(words_, at);
        std::size_t taken = 0;
        if (!ordinal.digits.empty()) {
            street = street_at(words_, at);
        } else if (!direction(words_, at, taken).empty() && taken > 0 && !pause_after(at + taken - 1) &&
                   (!read_ordinal(words_, at + taken).digits.empty() || is_numeral(word(at + taken)) ||
                    word(at + taken) == "broadway")) {
            street = street_at(words_, at);  // "East 14th Avenue"
        } else if (word(at) == "calle" || word(at) == "avenida" || word(at) == "avenue" || word(at) == "camino" ||
                   word(at) == "paseo" || word(at) == "broadway" || word(at) == "boulevard") {
            street = street_at(words_, at);
        }
        if (!street) {
            std::size_t floor = at;
            while (floor > 0 && !taken_[floor - 1] && at - floor < 6) --floor;
            street = street_ending_at(words_, at, floor);
            // A direction before the name ("North Larch Drive") was part of the walk.
        }
        if (!street || !free(street->begin, street->end)) continue;
        Found found;
        found.kind = PlaceKind::area;
        found.begin = street->begin;
        found.end = street->end;
        found.street = street->text;
        found.complete = street->complete;
        found.doubtful = street->doubtful;
        // "calle Olive número 450"
        std::size_t here = found.end;
        if (word(here) == "numero" || word(here) == "number" || word(here) == "#") {
            const Number number = read_number(words_, here + 1);
            if (!number.digits.empty() && is_digits(number.digits)) {
                found.kind = PlaceKind::address;
                found.number = number.digits;
                found.end = number.end;
            }
        } else if (words_[found.begin].folded == "calle" && is_numeral(word(here)) && !pause_after(here - 1)) {
            const Number number = read_number(words_, here);
            if (!number.digits.empty() && is_digits(number.digits) && number.digits.size() >= 2) {
                found.kind = PlaceKind::address;
                found.number = number.digits;
                found.end = number.end;
            }
        }
        keep(std::move(found));
        at = std::max(at, found_.back().end - 1);
    }
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
}

void Reader::crossings() {
    const auto joins = [&](std::size_t at, std::size_t& end) {
        // what stands between two streets of a corner
        std::size_t here = at;
        const std::string_view w = word(here);
        if (w == "and" || w == "&" || w == "y" || w == "e" || w == "at" || w == "by" || w == "near" || w == "con") {
            ++here;
        } else if (w == "where" && word(here + 1) == "it" && (word(here + 2) == "meets" || word(here + 2) == "crosses" || word(here + 2) == "hits")) {
            here += 3;
        } else if (w == "just" && word(here + 1) == "off") {
            here += 2;
            if (word(here) == "of") ++here;
        } else if (w == "off" || w == "in" || w == "an") {
            ++here;
            if (word(here) == "of") ++here;
        } else {
            return false;
        }
        if (w == "at" && word(here) == "the" && (word(here + 1) == "corner" || word(here + 1) == "intersection")) {
            here += 2;
            if (word(here) == "of" || word(here) == "with") ++here;
        }
        if (word(here) == "la" || word(here) == "the") ++here;
        end = here;
        return true;
    };
    const auto street_only = [](const Found& f) { return f.kind == PlaceKind::area && f.name.empty(); };
    const auto index_at = [&](std::size_t at) {
        for (std::size_t n = 0; n < found_.size(); ++n) {
            if (found_[n].begin == at) return n;
        }
        return found_.size();
    };
    // Two streets already found, one behind the other.
    for (std::size_t n = 0; n < found_.size(); ++n) {
        Found& first = found_[n];
        const bool road = first.kind == PlaceKind::road && !first.road_known;
        if (!street_only(first) && !road) continue;
        if (pause_after(first.end - 1) && word(first.end) != "and") continue;
        std::size_t next = 0;
        if (!joins(first.end, next)) continue;
        const bool weak_join = word(first.end) == "in" || word(first.end) == "an";
        const std::size_t other = index_at(next);
        const bool between = first.begin > 0 && (word(first.begin - 1) == "between" || word(first.begin - 1) == "entre");
        if (other < found_.size() && (street_only(found_[other]) || found_[other].kind == PlaceKind::road)) {
            const Found second = found_[other];
            if (between) {
                first.street = "BETWEEN " + first.street + " AND " + second.street;
                first.complete = false;
                first.end = second.end;
                first.kind = PlaceKind::area;
            } else {
                first.kind = PlaceKind::crossing;
                first.street += first.road_ref + " & " + second.street + second.road_ref;
                first.road_ref.clear();
                // Two highways near each other have no corner: somewhere on the first, and no reference.
                const bool beside = word(first.end) != "and" && word(first.end) != "&" && word(first.end) != "y" &&
                                    word(first.end) != "at" && word(first.end) != "con";
                const bool two_roads = road && second.kind == PlaceKind::road;
                first.complete = (first.complete || road) && (second.complete || second.kind == PlaceKind::road) && !(two_roads && beside);
                first.doubtful = first.doubtful || second.doubtful;
                first.end = second.end;
            }
            for (std::size_t at = first.begin; at < first.end; ++at) taken_[at] = true;
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(other));
            continue;
        }
        if (road || weak_join || between || word(first.end) == "near" || word(first.end) == "by" || word(first.end) == "off") continue;
        // "Cedar Street and Oak": the second by name only
        const auto second = next < words_.size() && !taken_[next] ? loose_street_at(words_, next) : std::nullopt;
        if (!second || !free(second->begin, second->end)) continue;
        const std::string& name = words_[second->begin].folded;
        const bool corner = first.begin >= 1 && (word(first.begin - 1) == "of" || word(first.begin - 1) == "at" ||
                                                 word(first.begin - 1) == "on" || word(first.begin - 1) == "de");
        if (hardly_a_name(name) || (!corner && !words_[second->begin].capital && !second->complete)) continue;
        first.kind = PlaceKind::crossing;
        first.street += " & " + second->text;
        first.complete = first.complete && second->complete;
        first.end = second->end;
        for (std::size_t at = first.begin; at < first.end; ++at) taken_[at] = true;
    }
    // "5th and Oak", "corner of Main and Division", "la Octava y Palmetto"
    for (std::size_t at = 0; at + 2 < words_.size(); ++at) {
        if (taken_[at]) continue;
        const std::string_view before = at > 0 ? word(at - 1) : std::string_view();
        const std::string_view before2 = at > 1 ? word(at - 2) : std::string_view();
        const bool corner = before == "of" && (before2 == "corner" || before2 == "intersection" || before2 == "junction");
        const bool spanish = before == "de" && before2 == "esquina";
        const bool prep = before == "at" || before == "on" || before == "near" || before == "by" || before == "en" ||
                          before == "around";
        const bool article = (before == "la" || before == "the") && at > 1 &&
                             (before2 == "de" || before2 == "en" || before2 == "of" || before2 == "at");
        const bool ordinal = !read_ordinal(words_, at).digits.empty();
        const bool begins = at == 0 && word(1) == "and" && !read_ordinal(words_, 2).digits.empty();
        if (before == "la" && article && !ordinal && !words_[at].capital && read_ordinal(words_, at + 2).digits.empty() &&
            read_ordinal(words_, at + 3).digits.empty()) {
            continue;  // "de la cama y se pego"
        }
        if (!corner && !spanish && !begins && !(prep && (ordinal || words_[at].capital)) && !article && !ordinal) continue;
        if (before == "between" || before == "entre") continue;
        if (word(at) == "the" || (never_a_name(word(at)) && word(at) != "la")) continue;
        const auto first = loose_street_at(words_, at);
        if (!first || !free(first->begin, first->end) || first->end >= words_.size() || pause_after(first->end - 1)) continue;
        std::size_t next = 0;
        if (!joins(first->end, next)) continue;
        const std::string_view join = word(first->end);
        if (join != "and" && join != "&" && join != "y" && join != "e" && !(join == "at" && (corner || ordinal)) && !(join == "con")) continue;
        std::optional<Street> second;
        const std::size_t other = index_at(next);
        if (other < found_.size() && (street_only(found_[other]) || found_[other].kind == PlaceKind::road)) {
            Street made;
            made.begin = found_[other].begin;
            made.end = found_[other].end;
            made.text = found_[other].street;
            made.complete = found_[other].complete;
            second = made;
        } else if (next < words_.size() && !taken_[next]) {
            second = loose_street_at(words_, next);
            if (second && !free(second->begin, second->end)) second.reset();
            if (second && hardly_a_name(words_[second->begin].folded)) second.reset();
            if (second && ordinal && !corner && !prep && !article && !spanish && !second->complete &&
                read_ordinal(words_, second->begin).digits.empty() && !words_[second->begin].capital) {
                second.reset();
            }
        }
        if (!second) continue;
        if (other < found_.size() && found_[other].begin == next) found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(other));
        Found found;
        found.kind = PlaceKind::crossing;
        found.begin = first->begin;
        found.end = second->end;
        found.street = first->text + " & " + second->text;
        found.complete = first->complete && second->complete;
        keep(std::move(found));
    }
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
}

// ---- landmarks

void Reader::landmarks() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (taken_[at]) continue;
        const Landmark landmark = landmark_at(words_, at);
        if (landmark.end == 0 || !free(at, landmark.end)) continue;
        std::size_t begin = at;
        bool named = landmark.brand;
        if (!landmark.brand) {
            // its own name before it: "Lincoln High School"
            std::size_t back = at;
            while (back > 0 && at - back < 3 && !taken_[back - 1] && !words_[back - 1].pause &&
                   !never_a_name(word(back - 1)) && !hardly_a_name(word(back - 1)) && !is_numeral(word(back - 1)) &&
                   !common_adjective(word(back - 1))) {
                --back;
            }
            begin = back;
            named = back < at;
        }
        Found found;
        found.kind = PlaceKind::landmark;
        found.begin = begin;
        found.end = landmark.end;
        for (std::size_t n = begin; n < landmark.end; ++n) {
            found.name += (n == begin ? "" : landmark.hyphen && n == begin + 1 ? "-" : " ") + upper(word(n));
        }
        // "... on Olive Road"
        std::size_t here = landmark.end;
        const auto link = [&](std::string_view w) {
            static const WordSet k_set("on at off near by in en de del sobre of along");
            return k_set.has(w);
        };
        if (link(word(here))) ++here;
        while (word(here) == "the" || word(here) == "la" || word(here) == "of" || word(here) == "de") ++here;
        bool with_street = false;
        for (std::size_t n = 0; n < found_.size(); ++n) {
            const bool behind = found_[n].begin == here && here > landmark.end;
            if (!behind) continue;
            if (found_[n].kind != PlaceKind::area && found_[n].kind != PlaceKind::crossing && found_[n].kind != PlaceKind::road) break;
            found.street = found_[n].street + found_[n].road_ref;
            found.complete = found_[n].complete && !found_[n].doubtful;
            found.end = found_[n].end;
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(n));
            with_street = true;
            break;
        }
        if (!with_street && here > landmark.end && here < words_.size() && !taken_[here]) {
            const std::string_view w = word(landmark.end);
            const auto loose = (w == "on" || w == "off" || w == "en") ? loose_street_at(words_, here) : std::nullopt;
            if (loose && free(loose->begin, loose->end) && !hardly_a_name(words_[loose->begin].folded) &&
                (named || words_[loose->begin].capital) && (w != "en" || words_[loose->begin].capital)) {
                found.street = loose->text;
                found.end = loose->end;
                with_street = true;
            }
        }
        if ((!named && !with_street) || (!named && landmark.vague && !found.complete)) {
            at = landmark.end - 1;
            continue;
        }
        keep(std::move(found));
        at = found_.back().end - 1;
    }
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
}

// ---- units and cities

std::string Reader::unit_at(std::size_t at, std::size_t& end) const {
    static const std::pair<std::string_view, std::string_view> k_units[] = {
        {"apartment", "APT"}, {"apt", "APT"}, {"apto", "APT"}, {"apartamento", "APT"}, {"departamento", "APT"},
        {"depto", "APT"}, {"unit", "UNIT"}, {"unidad", "UNIT"}, {"suite", "STE"}, {"ste", "STE"}, {"room", "RM"},
        {"rm", "RM"}, {"cuarto", "RM"}, {"habitacion", "RM"}, {"lot", "LOT"}, {"lote", "LOT"}, {"space", "SPC"},
        {"trailer", "TRLR"}, {"traila", "TRLR"}, {"building", "BLDG"}, {"bldg", "BLDG"}, {"edificio", "BLDG"},
        {"floor", "FL"}, {"piso", "FL"}, {"number", "#"}, {"numero", "#"}, {"#", "#"}, {"slip", "SLIP"},
        {"hangar", "HNGR"}, {"pier", "PIER"}};
    // "second floor", "3rd floor"
    const Ordinal ordinal = read_ordinal(words_, at);
    if (!ordinal.digits.empty() && (word(ordinal.end) == "floor" || word(ordinal.end) == "piso")) {
        end = ordinal.end + 1;
        return "FL " + ordinal.digits;
    }
    if ((word(at) == "segundo" || word(at) == "tercer" || word(at) == "primer" || word(at) == "cuarto" || word(at) == "quinto") &&
        word(at + 1) == "piso") {
        const std::string n = word(at) == "primer" ? "1" : word(at) == "segundo" ? "2" : word(at) == "tercer" ? "3"
                            : word(at) == "cuarto" ? "4" : "5";
        end = at + 2;
        return "FL " + n;
    }
    if (word(at) == "basement" && !(at > 0 && word(at - 1) == "the")) {
        end = at + 1;
        return "BSMT";
    }
    for (const auto& [name, form] : k_units) {
        if (word(at) != name) continue;
        std::size_t from = at + 1;
        if ((word(from) == "number" || word(from) == "numero" || word(from) == "#") && form != "#") ++from;
        if (from >= words_.size()) return {};
        const std::string_view raw = word(from);
        std::string id;
        std::size_t last = from;
        if (is_numeral(raw)) {
            const Number number = read_number(words_, from);
            // "unit 4 1234 Oak": the unit's own number is the first part
            if (is_digits(raw) && number.groups > 1 && raw.size() >= 1 && street_at(words_, number.end)) {
                id = raw;
                last = from + 1;
            } else {
                id = number.digits;
                last = number.end;
            }
            if (id.size() > 6) return {};
            const std::string_view letter = word(last);
            if (letter.size() == 1 && letter[0] >= 'a' && letter[0] <= 'z' && !pause_after(last - 1) && letter != "y" && letter != "i" &&
                letter != "o" && letter != "e" && (letter != "a" || last + 1 == words_.size() || pause_after(last))) {
                id += letter;
                ++last;
            }
        } else if (raw.size() == 1 && raw[0] >= 'a' && raw[0] <= 'z' && (raw != "a" || from + 1 == words_.size() || pause_after(from)) && raw != "y") {
            id = raw;
            last = from + 1;
            if (is_numeral(word(last)) && !pause_after(from)) {
                const Number number = read_number(words_, last);
                if (is_digits(number.digits) && number.digits.size() <= 4 && !street_at(words_, number.end)) {
                    id += number.digits;
                    last = number.end;
                }
            }
        } else if (raw.size() >= 2 && raw.size() <= 5 && std::any_of(raw.begin(), raw.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                   std::all_of(raw.begin(), raw.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; }) &&
                   read_ordinal(words_, from).digits.empty()) {
            id = raw;
            last = from + 1;
        }
        if (id.empty()) return {};
        end = last;
        return std::string(form) + " " + upper(id);
    }
    return {};
}

std::string Reader::city_at(std::size_t at, std::size_t& end) const {
    // ", Springfield", "in Springfield", "en Springfield"
    std::size_t here = at;
    const bool led = word(here) == "in" || word(here) == "en";
    if (led) ++here;
    const bool comma = at > 0 && pause_after(at - 1);
    if (!led && !comma) return {};
    if (led && word(here) == "the" && word(here + 1) == "city" && word(here + 2) == "of") here += 3;
    if (word(here) == "city" && word(here + 1) == "of") here += 2;
    static const WordSet k_not(
        "apartment building back front traffic flames labor shock pain trouble danger progress town county school "
        "basement bed bathroom bedroom kitchen garage lobby parking case person critical need water fuego peligro "
        "police fire ambulance hurry please thanks thank send frente casa llamas it's he's she's there's smoke upstairs "
        "downstairs i'm we're a an the my unit number two three four five one six seven eight nine ten english spanish "
        "espanol ingles hallway stairwell cardiac respiratory fact here there room");
    std::string city;
    std::size_t taken = 0;
    while (here < words_.size() && taken < 3) {
        const std::string& w = words_[here].folded;
        const bool capital = words_[here].capital;
        if (taken_[here] || never_a_name(w) || is_numeral(w) || k_not.has(w) || hardly_a_name(w)) break;
        if (!capital && (!led || taken > 0)) break;
        city += (city.empty() ? "" : " ") + upper(w);
        ++here;
        ++taken;
        if (words_[here - 1].pause) break;
    }
    if (city.empty() || city.size() < 4) return {};
    // In lower case only a word that ends what was said is taken for a town.
    const bool lower_case = !words_[here - 1].capital;
    if (lower_case && here < words_.size() && !words_[here - 1].pause && !never_a_name(word(here))) return {};
    if (!led && !comma) return {};
    end = here;
    return city;
}

void Reader::units_and_cities() {
    for (Found& found : found_) {
        if (found.kind != PlaceKind::address) continue;
        std::size_t end = 0;
        std::size_t here = found.end;
        for (int n = 0; n < 2; ++n) {
            std::size_t from = here;
            if (word(from) == "in" || word(from) == "on" || word(from) == "en" || word(from) == "and" || word(from) == "el" ||
                word(from) == "it's" || word(from) == "the") {
                ++from;
                if (word(from) == "the" || word(from) == "el") ++from;
            }
            if (from < words_.size() && taken_[from]) break;
            const std::string unit = unit_at(from, end);
            if (unit.empty()) break;
            found.unit += (found.unit.empty() ? "" : " ") + unit;
            for (std::size_t at = from; at < end; ++at) taken_[at] = true;
            found.end = here = end;
        }
        if (found.unit.empty() && found.begin > 1) {
            // "apartment 4 at 1234 Oak Street"
            for (std::size_t back = 2; back <= 5 && back <= found.begin; ++back) {
                const std::size_t from = found.begin - back;
                const std::string unit = unit_at(from, end);
                if (unit.empty() || unit.front() == '#' || taken_[from]) continue;
                const bool adjacent = end == found.begin || (end + 1 == found.begin && (word(end) == "at" || word(end) == "of" ||
                                                              word(end) == "in" || word(end) == "on" || word(end) == "en" || word(end) == "del"));
                if (!adjacent) continue;
                found.unit = unit;
                for (std::size_t at = from; at < found.begin; ++at) taken_[at] = true;
                found.begin = from;
                break;
            }
        }
        std::size_t city_end = 0;
        const std::string city = city_at(found.end, city_end);
        if (!city.empty() && free(found.end, city_end)) {
            found.city = city;
            for (std::size_t at = found.end; at < city_end; ++at) taken_[at] = true;
            found.end = city_end;
        }
    }
}

void Reader::areas() {
    if (!found_.empty()) return;
    for (std::size_t at = 0; at + 1 < words_.size(); ++at) {
        // "in Aurora": a town by itself, when it is written as a name
        std::size_t end = 0;
        if ((word(at) == "in" || word(at) == "en") && words_[at + 1].capital) {
            const std::string city = city_at(at, end);
            if (!city.empty()) {
                Found found;
                found.kind = PlaceKind::area;
                found.begin = at + 1;
                found.end = end;
                found.street = city;
                keep(std::move(found));
                return;
            }
        }
        // "somewhere on Oak", "somewhere in Springfield"
        if (word(at) != "somewhere" && word(at) != "someplace") continue;
        if (word(at + 1) != "on" && word(at + 1) != "off") continue;
        const auto street = loose_street_at(words_, at + 2);
        if (!street) continue;
        Found found;
        found.kind = PlaceKind::area;
        found.begin = street->begin;
        found.end = street->end;
        found.street = street->text;
        keep(std::move(found));
        return;
    }
}

// ---- which of them

bool Reader::corrected_between(std::size_t from, std::size_t to) const {
    for (std::size_t at = from; at < to && at < words_.size(); ++at) {
        const std::string_view w = word(at);
        if (w == "no" || w == "sorry" || w == "actually" || w == "scratch" || w == "wait" || w == "perdon" || w == "digo" ||
            w == "correction" || w == "correccion" || w == "rather" || w == "not" ||
            (w == "i" && word(at + 1) == "mean") || (w == "or" && word(at + 1) == "rather") ||
            (w == "mejor" && word(at + 1) == "dicho")) {
            return true;
        }
    }
    return false;
}

// "1230 Oak Street, no, 1320": a number that replaces the one before it, or a direction ("I mean south").
void Reader::corrections() {
    for (Found& found : found_) {
        if (found.kind != PlaceKind::address) continue;
        for (std::size_t at = found.end; at < words_.size() && at < found.end + 6; ++at) {
            if (taken_[at] || !corrected_between(at, at + 1)) continue;
            std::size_t here = at + 1;
            while (here < words_.size() && here < at + 6 &&
                   (word(here) == "it's" || word(here) == "it" || word(here) == "is" || word(here) == "i" || word(here) == "mean" ||
                    word(here) == "that" || word(here) == "wait" || word(here) == "sorry" || word(here) == "es" || word(here) == "el" ||
                    word(here) == "no" || word(here) == "the" || word(here) == "number" || word(here) == "make" || word(here) == "numero" ||
                    word(here) == "actually")) {
                ++here;
            }
            std::size_t taken = 0;
            const Number number = read_number(words_, here);
            const std::string dir = direction(words_, here, taken);
            if (!number.digits.empty() && is_digits(number.digits) && number.digits.size() <= 5 && free(here, number.end) &&
                word(at) != "not") {
                const std::string_view behind = word(number.end);
                if (behind == "people" || behind == "of" || behind == "years" || behind == "guys") break;
                found.number = number.digits;
                for (std::size_t n = at; n < number.end; ++n) taken_[n] = true;
                break;
            }
            if (!dir.empty() && word(at) != "not") {
                // the direction before the name, or behind it
                std::size_t space = found.street.find(' ');
                const std::string head = found.street.substr(0, space);
                static const WordSet k_dirs("N S E W NE NW SE SW");
                if (k_dirs.has(head)) found.street = dir + found.street.substr(space);
                else found.complete = false;
                for (std::size_t n = at; n < here + taken; ++n) taken_[n] = true;
                break;
            }
            // "not 1230": the one taken back
            break;
        }
    }
}

Place Reader::finish(const Found& found) const {
    Place place;
    place.kind = found.kind;
    place.begin = words_[found.begin].begin;
    place.end = words_[std::min(found.end, words_.size()) - 1].end;
    switch (found.kind) {
        case PlaceKind::address: place.normal = found.number + " " + found.street; break;
        case PlaceKind::block: place.normal = found.number + " BLOCK " + found.street; break;
        case PlaceKind::road: place.normal = found.street + found.road_ref; break;
        case PlaceKind::landmark: place.normal = found.name + (found.street.empty() ? "" : ", " + found.street); break;
        default: place.normal = found.street + found.road_ref; break;
    }
    if (!found.unit.empty()) place.normal += " " + found.unit;
    if (!found.city.empty()) place.normal += ", " + found.city;
    switch (found.kind) {
        case PlaceKind::road: place.known = found.road_known && !found.doubtful; break;
        case PlaceKind::landmark: place.known = found.complete && !found.street.empty(); break;
        case PlaceKind::area: place.known = false; break;
        default: place.known = found.complete && !found.doubtful; break;
    }
    place.confidence = place.known ? 0.9 : found.complete ? 0.6 : 0.4;
    return place;
}

Places Reader::choose() {
    Places places;
    const auto rank = [](const Found& f) {
        switch (f.kind) {
            case PlaceKind::address: return 8;
            case PlaceKind::crossing: return 7;
            case PlaceKind::block: return 6;
            case PlaceKind::coords: return 5;
            case PlaceKind::code: return 4;
            case PlaceKind::road: return f.road_known ? 7 : 2;
            case PlaceKind::landmark: return f.street.empty() ? 3 : 6;
            case PlaceKind::area: return 1;
        }
        return 0;
    };
    std::size_t best = found_.size();
    bool two = false;
    for (std::size_t n = 0; n < found_.size(); ++n) {
        const Found& f = found_[n];
        // "not 1230 Oak", "no es 1230": taken back as it is said
        const bool denied = f.begin > 0 && (word(f.begin - 1) == "not" ||
                            (f.begin > 1 && word(f.begin - 2) == "not" && (word(f.begin - 1) == "at" || word(f.begin - 1) == "on" || word(f.begin - 1) == "in")) ||
                            (f.begin > 1 && word(f.begin - 2) == "no" && (word(f.begin - 1) == "es" || word(f.begin - 1) == "en")));
        if (denied) continue;
        if (best == found_.size()) {
            best = n;
            continue;
        }
        const Found& other = found_[best];
        if (finish(f).normal == finish(other).normal) continue;
        const bool corrected = corrected_between(other.end, f.begin);
        if (corrected && rank(f) >= std::min(rank(other), 3)) {
            best = n;
            two = false;
            continue;
        }
        if (rank(f) > rank(other)) {
            best = n;
            two = false;
        } else if (rank(f) == rank(other) && rank(f) >= 6) {
            two = true;
        }
    }
    for (std::size_t n = 0; n < found_.size(); ++n) {
        if (n != best) places.others.push_back(finish(found_[n]));
    }
    if (best < found_.size()) {
        places.best = finish(found_[best]);
        if (two) {
            // Two places and no word that takes one back: somebody has to ask.
            places.best->known = false;
            places.best->confidence = 0.4;
        }
    }
    places.taken = taken_;
    return places;
}

Places Reader::read() {
    coordinates();
    codes();
    roads();
    numbered();
    streets();
    crossings();
    landmarks();
    units_and_cities();
    corrections();
    areas();
    return choose();
}

}  // namespace

const char* to_string(PlaceKind kind) {
    switch (kind) {
        case PlaceKind::address: return "address";
        case PlaceKind::block: return "block";
        case PlaceKind::crossing: return "crossing";
        case PlaceKind::road: return "road";
        case PlaceKind::landmark: return "landmark";
        case PlaceKind::coords: return "coords";
        case PlaceKind::code: return "code";
        case PlaceKind::area: return "area";
    }
    return "area";
}

Places find_places(std::string_view text, const Words& words) {
    if (words.empty()) return {};
    return Reader(text, words).read();
}

}  // namespace holdfast::incident
