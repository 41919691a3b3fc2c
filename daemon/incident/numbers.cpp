#include "incident/numbers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace holdfast::incident {
namespace {

enum class Kind : std::uint8_t { unit, teen, tens, hundreds, hundred, thousand };

struct Numeral {
    Kind kind = Kind::unit;
    int value = 0;
};

const std::unordered_map<std::string_view, Numeral>& numerals() {
    static const std::unordered_map<std::string_view, Numeral> k_table{
        {"zero", {Kind::unit, 0}}, {"oh", {Kind::unit, 0}}, {"one", {Kind::unit, 1}}, {"two", {Kind::unit, 2}},
        {"three", {Kind::unit, 3}}, {"four", {Kind::unit, 4}}, {"five", {Kind::unit, 5}}, {"six", {Kind::unit, 6}},
        {"seven", {Kind::unit, 7}}, {"eight", {Kind::unit, 8}}, {"nine", {Kind::unit, 9}},
        {"ten", {Kind::teen, 10}}, {"eleven", {Kind::teen, 11}}, {"twelve", {Kind::teen, 12}},
        {"thirteen", {Kind::teen, 13}}, {"fourteen", {Kind::teen, 14}}, {"fifteen", {Kind::teen, 15}},
        {"sixteen", {Kind::teen, 16}}, {"seventeen", {Kind::teen, 17}}, {"eighteen", {Kind::teen, 18}},
        {"nineteen", {Kind::teen, 19}}, {"twenty", {Kind::tens, 20}}, {"thirty", {Kind::tens, 30}},
        {"forty", {Kind::tens, 40}}, {"fourty", {Kind::tens, 40}}, {"fifty", {Kind::tens, 50}},
        {"sixty", {Kind::tens, 60}}, {"seventy", {Kind::tens, 70}}, {"eighty", {Kind::tens, 80}},
        {"ninety", {Kind::tens, 90}}, {"hundred", {Kind::hundred, 100}}, {"thousand", {Kind::thousand, 1000}},
        {"cero", {Kind::unit, 0}}, {"uno", {Kind::unit, 1}}, {"dos", {Kind::unit, 2}}, {"tres", {Kind::unit, 3}},
        {"cuatro", {Kind::unit, 4}}, {"cinco", {Kind::unit, 5}}, {"seis", {Kind::unit, 6}},
        {"siete", {Kind::unit, 7}}, {"ocho", {Kind::unit, 8}}, {"nueve", {Kind::unit, 9}},
        {"diez", {Kind::teen, 10}}, {"once", {Kind::teen, 11}}, {"doce", {Kind::teen, 12}},
        {"trece", {Kind::teen, 13}}, {"catorce", {Kind::teen, 14}}, {"quince", {Kind::teen, 15}},
        {"dieciseis", {Kind::teen, 16}}, {"diecisiete", {Kind::teen, 17}}, {"dieciocho", {Kind::teen, 18}},
        {"diecinueve", {Kind::teen, 19}}, {"veinte", {Kind::tens, 20}}, {"veintiuno", {Kind::teen, 21}},
        {"veintidos", {Kind::teen, 22}}, {"veintitres", {Kind::teen, 23}}, {"veinticuatro", {Kind::teen, 24}},
        {"veinticinco", {Kind::teen, 25}}, {"veintiseis", {Kind::teen, 26}}, {"veintisiete", {Kind::teen, 27}},
        {"veintiocho", {Kind::teen, 28}}, {"veintinueve", {Kind::teen, 29}}, {"treinta", {Kind::tens, 30}},
        {"cuarenta", {Kind::tens, 40}}, {"cincuenta", {Kind::tens, 50}}, {"sesenta", {Kind::tens, 60}},
        {"setenta", {Kind::tens, 70}}, {"ochenta", {Kind::tens, 80}}, {"noventa", {Kind::tens, 90}},
        {"cien", {Kind::hundreds, 100}}, {"ciento", {Kind::hundreds, 100}}, {"doscientos", {Kind::hundreds, 200}},
        {"trescientos", {Kind::hundreds, 300}}, {"cuatrocientos", {Kind::hundreds, 400}},
        {"quinientos", {Kind::hundreds, 500}}, {"seiscientos", {Kind::hundreds, 600}},
        {"setecientos", {Kind::hundreds, 700}}, {"ochocientos", {Kind::hundreds, 800}},
        {"novecientos", {Kind::hundreds, 900}}, {"mil", {Kind::thousand, 1000}}};
    return k_table;
}

std::optional<Numeral> numeral(std::string_view word) {
    const auto& table = numerals();
    const auto found = table.find(word);
    if (found == table.end()) return std::nullopt;
    return found->second;
}

std::optional<int> ordinal_unit(std::string_view word) {
    static constexpr std::array<std::string_view, 20> k_english{
        "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
        "nineteenth"};
    static constexpr std::array<std::string_view, 11> k_spanish{"", "primera", "segunda", "tercera", "cuarta",
        "quinta", "sexta", "septima", "octava", "novena", "decima"};
    for (std::size_t n = 1; n < k_english.size(); ++n) {
        if (word == k_english[n]) return static_cast<int>(n);
    }
    for (std::size_t n = 1; n < k_spanish.size(); ++n) {
        if (word == k_spanish[n]) return static_cast<int>(n);
    }
    return std::nullopt;
}

std::optional<int> ordinal_tens(std::string_view word) {
    static constexpr std::array<std::string_view, 8> k_words{"twentieth", "thirtieth", "fortieth", "fiftieth",
                                                            "sixtieth", "seventieth", "eightieth", "ninetieth"};
    for (std::size_t n = 0; n < k_words.size(); ++n) {
        if (word == k_words[n]) return static_cast<int>(20 + 10 * n);
    }
    return std::nullopt;
}

// "12:34", "14o2" and the like: digits as a recogniser scatters them. Empty: not a written number.
std::string written_digits(std::string_view word) {
    if (is_digits(word)) return word.size() <= 7 ? std::string(word) : std::string();
    if (word.size() > 9 || word.empty() || word.front() < '0' || word.front() > '9') {
        // "o2": the oh of "fourteen oh two"
        if (word.size() >= 2 && word.size() <= 3 && word.front() == 'o' && is_digits(word.substr(1))) {
            return "0" + std::string(word.substr(1));
        }
        return {};
    }
    const std::size_t colon = word.find(':');
    if (colon != std::string_view::npos && is_digits(word.substr(0, colon)) && is_digits(word.substr(colon + 1))) {
        return std::string(word.substr(0, colon)) + std::string(word.substr(colon + 1));
    }
    const std::size_t dash = word.find('-');
    if (dash != std::string_view::npos && is_digits(word.substr(0, dash)) && is_digits(word.substr(dash + 1))) {
        return std::string(word);
    }
    return {};
}

// One part of a number: "thirty four", "twenty one hundred", "12", "doscientos cincuenta".
struct Group {
    std::string digits;
    std::size_t end = 0;
    bool wide = false;  // three digits or more, as written: does not join with what stands before it
};

Group read_group(const Words& words, std::size_t at) {
    Group group;
    if (at >= words.size()) return group;
    const std::string written = written_digits(words[at].folded);
    if (!written.empty()) {
        group.digits = written;
        group.end = at + 1;
        group.wide = written.size() >= 3;
        if (group.end < words.size() && is_digits(written)) {
            const std::string& next = words[group.end].folded;
            if (next == "hundred" && written.size() <= 2) {
                group.digits += "00";
                ++group.end;
            } else if ((next == "thousand" || next == "mil") && written.size() <= 2) {
                group.digits += "000";
                ++group.end;
            }
        }
        return group;
    }
    // Words: the usual cardinal, as long as each word fits behind the one before.
    int total = 0;
    int part = 0;
    int room = 1000;  // the next word must be smaller than this
    std::size_t here = at;
    bool any = false;
    while (here < words.size()) {
        const std::string& word = words[here].folded;
        const bool link = (word == "and" || word == "y") && any && here + 1 < words.size();
        if (link) {
            // "treinta y uno", "one hundred and five": not "5th and 6th"
            const auto next = numeral(words[here + 1].folded);
            const bool tens_before = word == "y" && room == 10;
            const bool hundred_before = word == "and" && room == 100 && part + total >= 100;
            if (!next || !(tens_before || hundred_before) || next->value >= room || next->value == 0 ||
                next->kind == Kind::hundred || next->kind == Kind::thousand) {
                break;
            }
            ++here;
            continue;
        }
        const auto found = numeral(word);
        if (!found) break;
        if (found->kind == Kind::hundred) {
            if (any && (part == 0 || part > 99 || room > 1000)) break;
            part = (any ? part : 1) * 100;
            room = 100;
        } else if (found->kind == Kind::thousand) {
            if (total != 0 || part > 999) break;
            total = (any && part != 0 ? part : 1) * 1000;
            part = 0;
            room = 1000;
        } else {
            const bool zero = found->value == 0;
            if (zero && any) break;
            // "twenty fifth" is the next thing, not a twenty of this number
            if (found->kind == Kind::tens && here + 1 < words.size()) {
                const auto unit = ordinal_unit(words[here + 1].folded);
                if (unit && *unit < 10) break;
            }
            if (found->value >= room) break;
            part += found->value;
            room = found->kind == Kind::tens ? 10 : found->kind == Kind::hundreds ? 100 : 1;
            if (room == 1 && !(here + 1 < words.size() &&
                               (words[here + 1].folded == "hundred" || words[here + 1].folded == "thousand" ||
                                words[here + 1].folded == "mil"))) {
                any = true;
                ++here;
                break;
            }
        }
        any = true;
        ++here;
        if (words[here - 1].pause) break;
    }
    if (!any) return group;
    group.digits = std::to_string(total + part);
    group.end = here;
    return group;
}

// A small word that a recogniser writes for a digit; only between two other numerals.
std::string small_word(std::string_view word) {
    if (word == "o" || word == "of" || word == "owe") return "0";
    if (word == "to" || word == "too") return "2";
    if (word == "for") return "4";
    return {};
}

bool single_digit(const Words& words, std::size_t at) {
    if (at >= words.size()) return false;
    const auto found = numeral(words[at].folded);
    return (found && found->kind == Kind::unit) || (is_digits(words[at].folded) && words[at].folded.size() == 1);
}

}  // namespace

bool is_numeral(std::string_view word) {
    return numeral(word).has_value() || !written_digits(word).empty() || word == "triple" || word == "double";
}

std::string ordinal_form(std::string_view digits) {
    std::string out(digits);
    const bool teen = digits.size() >= 2 && digits[digits.size() - 2] == '1';
    const char last = digits.empty() ? '0' : digits.back();
    out += teen ? "TH" : last == '1' ? "ST" : last == '2' ? "ND" : last == '3' ? "RD" : "TH";
    return out;
}

Ordinal read_ordinal(const Words& words, std::size_t at) {
    if (at >= words.size()) return {};
    const std::string& word = words[at].folded;
    if (word.size() > 2 && word.size() <= 5) {
        const std::string_view tail = std::string_view(word).substr(word.size() - 2);
        const std::string_view head = std::string_view(word).substr(0, word.size() - 2);
        if (is_digits(head) && (tail == "th" || tail == "st" || tail == "nd" || tail == "rd")) {
            return {std::string(head), at + 1};
        }
    }
    if (const auto unit = ordinal_unit(word)) return {std::to_string(*unit), at + 1};
    if (const auto tens = ordinal_tens(word)) return {std::to_string(*tens), at + 1};
    const auto tens = numeral(word);
    if (tens && tens->kind == Kind::tens && at + 1 < words.size()) {
        const auto unit = ordinal_unit(words[at + 1].folded);
        if (unit && *unit < 10) return {std::to_string(tens->value + *unit), at + 2};
    }
    if (is_digits(word) && word.size() == 2 && word.back() == '0' && at + 1 < words.size()) {
        // "20 fifth" for "twenty-fifth"
        const auto unit = ordinal_unit(words[at + 1].folded);
        if (unit && *unit < 10) return {std::to_string(std::stoi(word) + *unit), at + 2};
    }
    return {};
}

Number read_number(const Words& words, std::size_t at) {
    Number number;
    std::size_t here = at;
    while (here < words.size() && number.digits.size() < 12) {
        const std::string& word = words[here].folded;
        std::size_t begin = here;
        std::string digits;
        bool wide = false;
        if ((word == "triple" || word == "double") && single_digit(words, here + 1)) {
            const Group one = read_group(words, here + 1);
            digits = one.digits.substr(0, 1);
            digits = word == "triple" ? digits + digits + digits : digits + digits;
            here += 2;
        } else if (word == "dash" && number.groups > 0 && here + 1 < words.size()) {
            const Group next = read_group(words, here + 1);
            if (next.digits.empty()) break;
            digits = "-" + next.digits;
            here = next.end;
        } else if (number.groups > 0 && !small_word(word).empty() && single_digit(words, here + 1) &&
                   !words[here - 1].pause) {
            if (word != "o" && word != "of" && word != "owe" && !single_digit(words, here - 1)) break;
            digits = small_word(word);
            ++here;
        } else {
            if (!read_ordinal(words, here).digits.empty()) break;
            const Group next = read_group(words, here);
            if (next.digits.empty()) break;
            digits = next.digits;
            wide = next.wide;
            here = next.end;
        }
        if (number.groups > 0 && wide) number.doubtful = true;
        number.but_last = number.digits;
        number.last_group = begin;
        number.last_digits = digits;
        number.digits += digits;
        ++number.groups;
        if (words[here - 1].pause) break;
    }
    if (number.groups == 0) return {};
    // "twelve and a half", "12 1/2"
    if (here < words.size() && words[here].folded == "1/2") {
        number.digits += " 1/2";
        ++here;
    } else if (here + 2 < words.size() && words[here].folded == "and" && words[here + 1].folded == "a" &&
               words[here + 2].folded == "half") {
        number.digits += " 1/2";
        here += 3;
    } else if (here + 1 < words.size() && words[here].folded == "y" && words[here + 1].folded == "medio") {
        number.digits += " 1/2";
        here += 2;
    }
    number.end = here;
    return number;
}

}  // namespace holdfast::incident
