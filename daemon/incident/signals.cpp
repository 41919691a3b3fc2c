#include "incident/signals.hpp"

#include "incident/lexicon.hpp"
#include "incident/word_set.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace holdfast::incident {
namespace {

constexpr std::size_t k_gap_words = 4;        // ".." takes in up to so many
constexpr std::size_t k_negation_words = 5;   // how far a "not" reaches (domain reference, section 4)
constexpr std::size_t k_signals_max = 64;

// "the car's on fire", "two cars on fire": the noun; `word` itself if it has neither ending.
std::string_view stem(std::string_view word) {
    if (ends_with(word, "'s")) return word.substr(0, word.size() - 2);
    if (word.size() > 3 && ends_with(word, "s") && !ends_with(word, "ss")) return word.substr(0, word.size() - 1);
    return word;
}

struct Piece {
    std::vector<std::string_view> exact;
    std::vector<std::string_view> prefixes;
    bool optional = false;
    bool plural = false;  // names of things: the plural counts too
    bool gap = false;
    bool any = false;

    bool fits(std::string_view word) const {
        if (any) return true;
        for (const std::string_view form : exact) {
            if (word == form) return true;
        }
        const std::string_view noun = stem(word);
        if (noun.size() < word.size() && (plural || ends_with(word, "'s"))) {
            for (const std::string_view form : exact) {
                if (noun == form) return true;
            }
        }
        for (const std::string_view head : prefixes) {
            if (starts_with(word, head)) return true;
        }
        return false;
    }
};

struct Pattern {
    std::vector<Piece> pieces;
    std::optional<Type> type;
    char mark = ' ';
};

class Book {
  public:
    Book() {
        for (const Phrases& phrases : lexicon()) {
            std::string_view rest = phrases.list;
            while (!rest.empty()) {
                const std::size_t bar = rest.find('|');
                add(rest.substr(0, bar), phrases);
                if (bar == std::string_view::npos) break;
                rest.remove_prefix(bar + 1);
            }
        }
    }

    template <typename Give>
    void candidates(std::string_view word, const Give& give) const {
        const auto exact = exact_.find(word);
        if (exact != exact_.end()) {
            for (const std::uint32_t n : exact->second) give(patterns_[n]);
        }
        if (stem(word).size() < word.size()) {
            const auto noun = exact_.find(stem(word));
            if (noun != exact_.end()) {
                for (const std::uint32_t n : noun->second) give(patterns_[n]);
            }
        }
        const auto heads = heads_.find(word.substr(0, 2));
        if (heads != heads_.end()) {
            for (const std::uint32_t n : heads->second) give(patterns_[n]);
        }
    }

  private:
    void add_words(Piece& piece, std::string_view alternatives, char separator) {
        while (!alternatives.empty()) {
            const std::size_t cut = alternatives.find(separator);
            const std::string_view one = alternatives.substr(0, cut);
            if (starts_with(one, "@")) {
                piece.plural = true;
                for (const WordList& list : word_lists()) {
                    if (list.name == one) add_words(piece, list.words, ' ');
                }
            } else if (ends_with(one, "*")) {
                piece.prefixes.push_back(one.substr(0, one.size() - 1));
            } else if (!one.empty()) {
                piece.exact.push_back(one);
            }
            if (cut == std::string_view::npos) break;
            alternatives.remove_prefix(cut + 1);
        }
    }

    void add(std::string_view phrase, const Phrases& from) {
        Pattern pattern;
        pattern.type = from.type;
        pattern.mark = from.mark;
        while (!phrase.empty()) {
            const std::size_t space = phrase.find(' ');
            std::string_view word = phrase.substr(0, space);
            Piece piece;
            if (word == "..") {
                piece.gap = true;
            } else if (word == "_") {
                piece.any = true;
            } else {
                if (starts_with(word, "?")) {
                    piece.optional = true;
                    word.remove_prefix(1);
                }
                add_words(piece, word, '/');
            }
            pattern.pieces.push_back(std::move(piece));
            if (space == std::string_view::npos) break;
            phrase.remove_prefix(space + 1);
        }
        const auto number = static_cast<std::uint32_t>(patterns_.size());
        // Known by its first word, and by the next as long as the first may be left out.
        for (const Piece& piece : pattern.pieces) {
            for (const std::string_view word : piece.exact) {
                auto& list = exact_[word];
                if (list.empty() || list.back() != number) list.push_back(number);
            }
            for (const std::string_view head : piece.prefixes) {
                auto& list = heads_[head.substr(0, 2)];
                if (list.empty() || list.back() != number) list.push_back(number);
            }
            if (!piece.optional) break;
        }
        patterns_.push_back(std::move(pattern));
    }

    std::vector<Pattern> patterns_;
    std::unordered_map<std::string_view, std::vector<std::uint32_t>> exact_;
    std::unordered_map<std::string_view, std::vector<std::uint32_t>> heads_;
};

const Book& book() {
    static const Book k_book;
    return k_book;
}

bool filler(std::string_view word) {
    static const WordSet k_set("just really like uh um so very all still even totally kinda literally basically actually "
                               "right now completely pretty also pues este como muy ya ahorita");
    return k_set.has(word);
}

using Taken = std::vector<std::size_t>;  // words a phrase takes in, in order

// The longest way in which `pieces` from `n` on fit the words from `at` on.
bool match(const Pattern& pattern, std::size_t n, const Words& words, const std::vector<bool>& blank, std::size_t at, Taken& taken) {
    if (n == pattern.pieces.size()) return true;
    const Piece& piece = pattern.pieces[n];
    if (piece.gap) {
        for (std::size_t skip = 0; skip <= k_gap_words && at + skip < words.size(); ++skip) {
            const std::size_t before = taken.size();
            if (match(pattern, n + 1, words, blank, at + skip, taken)) return true;
            taken.resize(before);
            if (words[at + skip].pause && words[at + skip].folded.size() > 1 && skip > 0) break;
        }
        return false;
    }
    if (at < words.size() && !blank[at] && piece.fits(words[at].folded)) {
        const std::size_t before = taken.size();
        taken.push_back(at);
        // A sentence that ends inside a phrase ends the phrase.
        const bool cut = words[at].pause && n + 1 < pattern.pieces.size() && !pattern.pieces[n + 1].gap;
        if ((!cut || n + 1 == pattern.pieces.size()) && match(pattern, n + 1, words, blank, at + 1, taken)) return true;
        taken.resize(before);
    }
    if (piece.optional && match(pattern, n + 1, words, blank, at, taken)) return true;
    // A word that says nothing may stand anywhere inside a phrase: "he's just not really breathing".
    return !taken.empty() && at < words.size() && !words[at].pause && filler(words[at].folded) &&
           match(pattern, n, words, blank, at + 1, taken);
}

bool clause_ends(const Words& words, std::size_t at) {
    static const WordSet k_set("but and so because pero y porque then entonces aunque although");
    return words[at].pause || k_set.has(words[at].folded);
}

// Whether something before the words from `at` on says that they are not so.
bool denied(const Words& words, std::size_t at) {
    static const WordSet k_not(
        "not isn't aren't wasn't weren't don't doesn't didn't haven't hasn't never without nobody none neither nor sin "
        "nunca nadie ningun ninguna ninguno tampoco ain't");
    static const WordSet k_subject(
        "he she it they i we there there's the my his her your our he's she's it's they're i'm we're this that a "
        "please you se el mi su hay puede pueden puedo");
    static const WordSet k_unsure("know sure stop think tell remember want let care understand mean need worry sabe se");
    std::size_t steps = 0;
    for (std::size_t here = at; here-- > 0 && steps < k_negation_words; ++steps) {
        if (clause_ends(words, here)) return false;
        const std::string& word = words[here].folded;
        const std::string_view next = here + 1 < words.size() ? std::string_view(words[here + 1].folded) : std::string_view();
        if (word == "no") {
            if (next == "one" || next == "one's") return true;
            // Spanish "no hay fuego", "no esta herido", "no veo"; "no para de sangrar" is the other way round.
            static const WordSet k_spanish(
                "hay esta estan veo ve es son tiene tienen hubo vi oigo huele siento era fue traia trae vemos tengo le les");
            static const WordSet k_going_on("para deja dejan paran se puede puedo pueden sabemos quiere");
            if (k_going_on.has(next)) return false;
            if (k_spanish.has(next)) return true;
            if (next == "longer") return true;
            // English "no fire", "no sign of smoke"; "no he was shot" answers something
            if (k_subject.has(next)) return false;
            return steps <= 3;
        }
        // "he never hit me, he just yells": somebody new, another clause
        static const WordSet k_new_clause(
            "he she it they we i you he's she's it's they're we're i'm there's there ella ellos yo");
        if (k_new_clause.has(word)) {
            const std::string_view before = here > 0 ? std::string_view(words[here - 1].folded) : std::string_view();
            if (before != "think" && before != "believe" && before != "see" && before != "if" && before != "says") return false;
        }
        if (!k_not.has(word)) continue;
        if (word == "don't" || word == "doesn't" || word == "not" || word == "didn't" || word == "isn't") {
            // "I don't know if he's been shot", "I'm not sure"
            if (k_unsure.has(next) && next != "think") return false;
            if (next == "only" || next == "just") return false;
        }
        return true;
    }
    return false;
}

bool denied_after(const Words& words, std::size_t end) {
    const auto word = [&](std::size_t at) { return at < words.size() ? std::string_view(words[at].folded) : std::string_view(); };
    if (word(end) == "is" || word(end) == "was" || word(end) == "are") {
        static const WordSet k_over("out over gone stopped");
        if (word(end + 1) == "out" && word(end + 2) == "now") return true;
        if ((word(end + 1) == "not" || word(end + 1) == "over") && k_over.has(word(end + 1))) return true;
    }
    return false;
}

// "stopped bleeding", "quit shaking": over, unless stopping is the sign itself.
bool stopped_before(const Words& words, std::size_t at) {
    if (at == 0) return false;
    const std::string& word = words[at - 1].folded;
    return word == "stopped" || word == "quit" || (at > 1 && words[at - 2].folded == "dejo" && word == "de");
}

bool past(const Words& words) {
    static const WordSet k_marks("yesterday ago earlier ayer anoche antier antenoche");
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at].folded;
        if (k_marks.has(word)) return true;
        const std::string_view next = at + 1 < words.size() ? std::string_view(words[at + 1].folded) : std::string_view();
        if (word == "last" && (next == "night" || next == "week" || next == "month" || next == "year")) return true;
        if (word == "this" && next == "morning") return true;
        if (word == "when" && next == "we" && at + 2 < words.size() && words[at + 2].folded == "got") return true;
        if (word == "esta" && next == "manana") return true;
        if (word == "semana" && next == "pasada") return true;
        if (word == "hace" && (next == "dias" || next == "una" || next == "dos" || next == "unas")) return true;
    }
    return false;
}

}  // namespace

std::vector<Signal> find_signals(const Words& words, const std::vector<bool>& taken) {
    std::vector<Signal> signals;
    std::vector<bool> blank = taken;
    blank.resize(words.size(), false);
    const bool in_the_past = past(words);
    for (std::size_t at = 0; at < words.size() && signals.size() < k_signals_max; ++at) {
        if (blank[at]) continue;
        std::size_t most = 0;
        Taken best;
        std::vector<const Pattern*> winners;
        book().candidates(words[at].folded, [&](const Pattern& pattern) {
            Taken got;
            if (!match(pattern, 0, words, blank, at, got) || got.empty() || got.front() != at) return;
            if (got.size() > most) {
                most = got.size();
                best = got;
                winners.clear();
            }
            if (got.size() == most) {
                // a trap of the same length wins; otherwise every type it may be
                if (!pattern.type) {
                    winners.assign(1, &pattern);
                    best = got;
                } else if (winners.empty() || winners.front()->type) {
                    winners.push_back(&pattern);
                    if (got.back() < best.back()) best = got;
                }
            }
        });
        if (winners.empty()) continue;
        for (const std::size_t word : best) blank[word] = true;
        if (!winners.front()->type) {
            // A trap takes in what stands between its words too: "watching a shooting on TV".
            for (std::size_t word = best.front(); word < best.back(); ++word) blank[word] = true;
        }
        // A sign in two parts with a clause between them ("no one's in the house but it's on fire") is
        // denied or not where its last part stands.
        std::size_t from = at;
        for (std::size_t n = 1; n < best.size(); ++n) {
            bool other_clause = false;
            for (std::size_t between = best[n - 1]; between < best[n]; ++between) {
                other_clause = other_clause || clause_ends(words, between);
            }
            if (other_clause) from = best[n];
        }
        const bool no = denied(words, from) || denied_after(words, best.back() + 1) || stopped_before(words, at);
        for (const Pattern* winner : winners) {
            if (!winner->type) continue;
            const bool twice = std::any_of(signals.begin(), signals.end(), [&](const Signal& s) {
                return s.type == *winner->type && s.begin == words[at].begin;
            });
            if (twice) continue;
            Signal signal;
            signal.type = *winner->type;
            signal.begin = words[at].begin;
            signal.end = words[best.back()].end;
            signal.denied = no;
            signal.past = in_the_past;
            signal.weak = winner->mark == 'w' || best.size() == 1;
            signal.raises = winner->mark == '!';
            signals.push_back(signal);
        }
    }
    return signals;
}

}  // namespace holdfast::incident
