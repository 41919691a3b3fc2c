#include "voice/scripted/extract.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

namespace holdfast::voice::scripted {
namespace {

constexpr std::size_t k_words_max = 400;   // two minutes of fast speech
constexpr std::size_t k_place_words = 12;  // a place is cut after so many words
constexpr std::size_t k_name_words = 4;    // between a house number and its street's suffix

using Words = std::vector<Word>;
using List = std::initializer_list<std::string_view>;

// A letter of Latin-1 as written in UTF-8 (0xc3 0xNN), folded to ASCII; 0: none that we fold.
char fold_latin(unsigned char second) {
    const unsigned char lower = second < 0xa0 ? static_cast<unsigned char>(second + 0x20) : second;
    switch (lower) {
        case 0xa1: return 'a';
        case 0xa9: return 'e';
        case 0xad: return 'i';
        case 0xb1: return 'n';
        case 0xb3: return 'o';
        case 0xba:
        case 0xbc: return 'u';
        default: return 0;
    }
}

bool is_in(std::string_view word, List list) { return std::find(list.begin(), list.end(), word) != list.end(); }

bool is_number(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

char spoken_digit(std::string_view word) {
    struct Digit {
        std::string_view word;
        char digit;
    };
    static constexpr std::array k_digits{
        Digit{"zero", '0'}, Digit{"oh", '0'},   Digit{"o", '0'},    Digit{"one", '1'},    Digit{"two", '2'},
        Digit{"three", '3'}, Digit{"four", '4'}, Digit{"five", '5'}, Digit{"six", '6'},    Digit{"seven", '7'},
        Digit{"eight", '8'}, Digit{"nine", '9'}, Digit{"cero", '0'}, Digit{"uno", '1'},    Digit{"una", '1'},
        Digit{"dos", '2'},   Digit{"tres", '3'}, Digit{"cuatro", '4'}, Digit{"cinco", '5'}, Digit{"seis", '6'},
        Digit{"siete", '7'}, Digit{"ocho", '8'}, Digit{"nueve", '9'}};
    for (const Digit& entry : k_digits) {
        if (entry.word == word) return entry.digit;
    }
    return 0;
}

bool is_tens(std::string_view word) {
    return is_in(word, {"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                        "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy",
                        "eighty", "ninety", "hundred", "thousand", "diez", "once", "doce", "trece", "catorce",
                        "quince", "veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta",
                        "noventa", "cien", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos",
                        "mil"});
}

bool numeric(std::string_view word) {
    const bool starts = !word.empty() && word.front() >= '0' && word.front() <= '9';
    return starts || is_tens(word) || (spoken_digit(word) != 0 && word != "o" && word != "una");
}

bool suffix(std::string_view word) {
    return is_in(word, {"street", "st", "avenue", "ave", "road", "rd", "drive", "dr", "lane", "ln", "court", "ct",
                        "boulevard", "blvd", "place", "pl", "circle", "parkway", "highway", "hwy", "terrace",
                        "trail", "pike", "way", "square", "loop"});
}

bool spanish_type(std::string_view word) {
    return is_in(word, {"calle", "avenida", "camino", "carretera", "autopista", "paseo", "bulevar", "esquina"});
}

std::string text_between(std::string_view text, const Words& words, std::size_t first, std::size_t last) {
    return std::string(text.substr(words[first].begin, words[last].end - words[first].begin));
}

// "twelve Main Street", "12 North Larch Drive apartment 4"
std::string english_address(std::string_view text, const Words& words) {
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (!suffix(words[at].folded)) continue;
        std::size_t first = at;
        for (std::size_t back = 1; back <= k_name_words && back <= at; ++back) {
            if (!numeric(words[at - back].folded)) continue;
            first = at - back;
            while (first > 0 && numeric(words[first - 1].folded) && at - first < k_place_words) --first;
            break;
        }
        if (first == at) continue;
        std::size_t last = at;
        const auto next = [&](std::size_t ahead) {
            return at + ahead < words.size() ? std::string_view(words[at + ahead].folded) : std::string_view();
        };
        if (is_in(next(1), {"north", "south", "east", "west"})) last = at + 1;
        if (is_in(next(last - at + 1), {"apartment", "apt", "unit", "suite", "room", "floor"}) &&
            last + 2 < words.size()) {
            last += 2;
        }
        return text_between(text, words, first, last);
    }
    return {};
}

// "corner of Fifth and Main", "exit 12", "mile marker 203", "calle Olive número 450"
std::string marked_place(std::string_view text, const Words& words) {
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at].folded;
        const bool road = is_in(word, {"exit", "interstate", "route", "salida", "milla"}) && at + 1 < words.size() &&
                          numeric(words[at + 1].folded);
        const bool marker = word == "mile" && at + 1 < words.size() &&
                            (words[at + 1].folded == "marker" || numeric(words[at + 1].folded));
        const bool corner = word == "corner" && at + 3 < words.size();
        const bool calle = spanish_type(word) && at + 1 < words.size();
        if (!road && !marker && !corner && !calle) continue;
        std::size_t first = at;
        if (calle && at >= 3 && numeric(words[at - 3].folded)) first = at - 3;  // el 450 de la calle Olive
        return text_between(text, words, first, std::min(words.size() - 1, at + k_place_words - 1));
    }
    return {};
}

bool what_word(std::string_view word) {
    return is_in(word, {"fire", "burning", "smoke", "flames", "explosion", "shot", "shooting", "gun", "knife",
                        "stabbed", "robbed", "robbery", "burglar", "breaking", "crash", "accident", "collision",
                        "bleeding", "unconscious", "breathing", "choking", "overdose", "seizure", "stroke", "heart",
                        "fell", "drowning", "fight", "attacked", "hit", "collapsed", "labor", "gas", "fuego",
                        "incendio", "humo", "disparos", "disparo", "pistola", "cuchillo", "apunalado", "asalto",
                        "asaltaron", "robo", "choque", "accidente", "sangrando", "inconsciente", "respira",
                        "ahogando", "sobredosis", "convulsiones", "infarto", "pelea", "golpeo", "desmayo",
                        "embarazada", "explosion"});
}

bool danger_word(std::string_view word) {
    return is_in(word, {"hurt", "injured", "bleeding", "unconscious", "trapped", "shot", "stabbed", "herido",
                        "herida", "heridos", "atrapado", "atrapada", "sangrando", "inconsciente"});
}

bool filler_word(std::string_view word) {
    return is_in(word, {"hello", "hi", "um", "uh", "er", "ok", "okay", "please", "help", "hey", "oh", "god", "my",
                        "anybody", "there", "what", "sorry", "911", "hola", "bueno", "eh", "ayuda", "ayudenme",
                        "por", "favor", "alo", "que", "oiga", "dios", "mio", "me"});
}

std::optional<bool> yes_or_no(const Words& words) {
    if (words.empty() || words.size() > 8) return std::nullopt;
    const std::string_view first = words.front().folded;
    if (is_in(first, {"yes", "yeah", "yep", "yup", "correct", "right", "exactly", "sure", "si", "correcto", "exacto",
                      "claro", "asi"})) {
        return true;
    }
    if (is_in(first, {"no", "nope", "nobody", "none", "wrong", "incorrect", "incorrecto", "nadie", "ninguno"})) {
        return false;
    }
    return std::nullopt;
}

std::string digits_in(const Words& words) {
    std::string digits;
    bool after_tens = false;  // the "four" of "thirty-four" is no digit of a number read one by one
    for (const Word& word : words) {
        if (is_number(word.folded)) digits += word.folded;
        else if (const char c = spoken_digit(word.folded); c != 0 && word.folded != "una" && !after_tens) digits += c;
        after_tens = is_tens(word.folded);
    }
    return digits;
}

std::optional<Language> language_in(const Words& words) {
    int english = 0;
    int spanish = 0;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at].folded;
        if (is_in(word, {"espanol", "spanish"})) spanish += 4;
        if (is_in(word, {"english", "ingles"})) {
            const bool denied = at > 0 && is_in(words[at - 1].folded, {"hablo", "no", "entiendo"});
            (denied ? spanish : english) += 4;
        }
        if (is_in(word, {"el", "la", "los", "las", "hay", "mi", "esta", "estoy", "una", "un", "en", "por", "favor",
                         "necesito", "ayuda", "casa", "calle", "esposo", "esposa", "hijo", "hija", "que", "se",
                         "con", "aqui", "senor", "policia", "fuego", "incendio", "numero", "si", "rapido", "mama",
                         "papa", "del", "pero", "muy", "tiene", "fue", "es"})) {
            ++spanish;
        }
        if (is_in(word, {"the", "there", "is", "my", "a", "an", "i", "i'm", "on", "at", "please", "help", "and",
                         "he", "she", "it", "it's", "you", "we", "they", "of", "to", "street", "house", "was",
                         "someone", "somebody", "yes", "not", "with", "has", "need"})) {
            ++english;
        }
    }
    // Mixed sentences are the norm: only a clear lead counts.
    if (spanish >= 2 && spanish >= 2 * english) return Language::es;
    if (english >= 2 && english >= 2 * spanish) return Language::en;
    return std::nullopt;
}

}  // namespace

const char* to_string(Slot slot) {
    switch (slot) {
        case Slot::place: return "place";
        case Slot::what: return "what";
        case Slot::danger: return "danger";
        case Slot::callback: return "callback";
        case Slot::more: return "more";
    }
    return "unknown";
}

std::vector<Word> split_words(std::string_view text) {
    Words words;
    Word word;
    const auto flush = [&](std::size_t end) {
        while (!word.folded.empty() && word.folded.back() == '\'') word.folded.pop_back();
        if (!word.folded.empty() && words.size() < k_words_max) {
            word.end = end;
            words.push_back(word);
        }
        word.folded.clear();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        char folded = 0;
        std::size_t bytes = 1;
        if (c < 0x80) {
            if (std::isalnum(c) != 0) folded = static_cast<char>(std::tolower(c));
            else if (c == '\'' && !word.folded.empty()) folded = '\'';
        } else if (c == 0xc3 && at + 1 < text.size()) {
            folded = fold_latin(static_cast<unsigned char>(text[at + 1]));
            bytes = 2;
        }
        if (folded == 0) {
            flush(at);
        } else {
            if (word.folded.empty()) word.begin = at;
            word.folded += folded;
        }
        at += bytes - 1;
    }
    flush(text.size());
    return words;
}

bool has_phrase(std::string_view text, const std::vector<std::string>& phrases) {
    const Words words = split_words(text);
    for (const std::string& phrase : phrases) {
        const Words wanted = split_words(phrase);
        if (wanted.empty()) continue;
        const auto found =
            std::search(words.begin(), words.end(), wanted.begin(), wanted.end(),
                        [](const Word& a, const Word& b) { return a.folded == b.folded; });
        if (found != words.end()) return true;
    }
    return false;
}

Found SimpleExtract::look(std::string_view text, Language) const {
    Found found;
    const Words words = split_words(text);
    found.filler = std::all_of(words.begin(), words.end(), [](const Word& w) { return filler_word(w.folded); });
    found.language = language_in(words);
    found.yes = yes_or_no(words);
    found.unknown = has_phrase(text, {"don't know", "do not know", "not sure", "no idea", "no se", "no lo se"});
    found.digits = digits_in(words);
    found.place = english_address(text, words);
    if (found.place.empty()) found.place = marked_place(text, words);
    const auto any = [&](bool (*test)(std::string_view)) {
        return std::any_of(words.begin(), words.end(), [test](const Word& w) { return test(w.folded); });
    };
    if (any(what_word)) found.what.assign(text);
    if (any(danger_word) && !has_phrase(text, {"no one", "nobody", "not hurt", "nadie"})) found.danger.assign(text);
    return found;
}

}  // namespace holdfast::voice::scripted
