#include "incident/words.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::incident {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The second byte of a Latin-1 letter as UTF-8 writes it after 0xc3, without its accent; 0: no letter.
char without_accent(unsigned char second) {
    const unsigned char low = second < 0xa0 ? static_cast<unsigned char>(second + 0x20) : second;
    if (low >= 0xa0 && low <= 0xa5) return 'a';
    if (low == 0xa7) return 'c';
    if (low >= 0xa8 && low <= 0xab) return 'e';
    if (low >= 0xac && low <= 0xaf) return 'i';
    if (low == 0xb1) return 'n';
    if ((low >= 0xb2 && low <= 0xb6) || low == 0xb8) return 'o';
    if (low >= 0xb9 && low <= 0xbc) return 'u';
    if (low == 0xbd || low == 0xbf) return 'y';
    return 0;
}

// One character of the text: its ASCII reading, 0 for one that has none, and how many bytes it takes.
struct Character {
    char ascii = 0;
    std::size_t bytes = 1;
};

Character character_at(std::string_view text, std::size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) return {text[at], 1};
    const std::size_t bytes = std::max<std::size_t>(1, base::utf8_character_bytes(text, at));
    if (byte == 0xc3 && bytes == 2) {
        const auto second = static_cast<unsigned char>(text[at + 1]);
        const char plain = without_accent(second);
        if (plain == 0) return {0, bytes};
        return {second < 0xa0 ? static_cast<char>(plain - 'a' + 'A') : plain, bytes};
    }
    if (text.substr(at, bytes) == "\xe2\x80\x99") return {'\'', bytes};  // typographic apostrophe
    if (text.substr(at, bytes) == "\xe2\x88\x92") return {'-', bytes};   // minus sign
    return {0, bytes};
}

// Contractions as a recogniser without apostrophes writes them. Not those that are other words (were,
// ill, well, hell, shell, wed).
std::string_view contraction(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 28> k_forms{{
        {"arent", "aren't"},     {"cannot", "can't"},     {"cant", "can't"},       {"couldnt", "couldn't"},
        {"didnt", "didn't"},     {"doesnt", "doesn't"},   {"dont", "don't"},       {"hadnt", "hadn't"},
        {"hasnt", "hasn't"},     {"havent", "haven't"},   {"hes", "he's"},         {"im", "i'm"},
        {"isnt", "isn't"},       {"ive", "i've"},         {"shes", "she's"},       {"shouldnt", "shouldn't"},
        {"somebodys", "somebody's"}, {"someones", "someone's"}, {"thats", "that's"}, {"theres", "there's"},
        {"theyre", "they're"},   {"theyve", "they've"},   {"wasnt", "wasn't"},     {"werent", "weren't"},
        {"whats", "what's"},     {"wont", "won't"},       {"wouldnt", "wouldn't"}, {"youre", "you're"}}};
    for (const auto& [bare, full] : k_forms) {
        if (word == bare) return full;
    }
    return word;
}

// Whether `c`, between `before` and `after`, belongs to the word it stands in.
bool joins(char c, char before, char after) {
    if (c == '\'') return letter(before) && letter(after);
    if (c == '+') return (digit(before) || letter(before)) && (digit(after) || letter(after));
    if (c == ':' || c == '/' || c == '-') return digit(before) && digit(after);
    if (c == '.') return (digit(before) && digit(after)) || (letter(before) && letter(after));
    return false;
}

}  // namespace

bool is_digits(std::string_view word) { return !word.empty() && std::all_of(word.begin(), word.end(), digit); }

bool starts_with(std::string_view word, std::string_view head) { return word.substr(0, head.size()) == head; }

bool ends_with(std::string_view word, std::string_view tail) {
    return word.size() >= tail.size() && word.substr(word.size() - tail.size()) == tail;
}

std::string upper(std::string_view folded) {
    std::string out;
    for (const char c : folded) {
        if (c == '\'') continue;
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

Words split(std::string_view text) {
    text = base::utf8_prefix(text, k_text_bytes_max);
    Words words;
    Word word;
    bool sentence_begins = true;
    const auto flush = [&](std::size_t end) {
        if (word.folded.empty()) return;
        while (word.folded.back() == '\'') {
            word.folded.pop_back();
            if (word.folded.empty()) return;
        }
        // "u.s." and "p.m.": letters with dots are one word; "filled.count.soap" keeps its dots.
        if (word.folded.find('.') != std::string::npos && !digit(word.folded.front())) {
            const auto dots = std::count(word.folded.begin(), word.folded.end(), '.');
            if (word.folded.size() <= static_cast<std::size_t>(2 * dots + 1)) {
                word.folded.erase(std::remove(word.folded.begin(), word.folded.end(), '.'), word.folded.end());
            }
        }
        word.folded = contraction(word.folded);
        word.end = end;
        if (words.size() < k_words_max) words.push_back(word);
        word = Word();
        sentence_begins = false;
    };
    for (std::size_t at = 0; at < text.size();) {
        const Character now = character_at(text, at);
        const char before = word.folded.empty() ? 0 : word.folded.back();
        const char after = at + now.bytes < text.size() ? character_at(text, at + now.bytes).ascii : 0;
        const char c = now.ascii;
        if (letter(c) || digit(c)) {
            if (word.folded.empty()) {
                word.begin = at;
                word.capital = c >= 'A' && c <= 'Z' && !sentence_begins;
            }
            word.folded += lower(c);
        } else if (c == ',' && digit(before) && at + 3 < text.size() && digit(text[at + 1]) && digit(text[at + 2]) &&
                   digit(text[at + 3]) && (at + 4 >= text.size() || !digit(text[at + 4]))) {
            // "10,000": the comma of a thousand
        } else if (before != 0 && joins(c, before, after)) {
            word.folded += c;
        } else if (c == '-' && before == 0 && digit(after) && (at == 0 || text[at - 1] == ' ')) {
            word.begin = at;
            word.folded = "-";
        } else {
            flush(at);
            if (c == '#' || c == '&' || c == '@') {
                word.begin = at;
                word.folded = c == '@' ? "at" : std::string(1, c);
                flush(at + 1);
            } else if (c == '/' && !words.empty()) {
                word.begin = at;
                word.folded = "&";  // "A Ave/B St"
                flush(at + 1);
            } else if (c != 0 && !words.empty() && std::string_view(".,;!?").find(c) != std::string_view::npos) {
                words.back().pause = true;
                if (c != ',' && c != ';') sentence_begins = true;
            }
        }
        at += now.bytes;
    }
    flush(text.size());
    return words;
}

}  // namespace holdfast::incident
