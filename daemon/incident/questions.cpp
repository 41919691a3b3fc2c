#include "incident/questions.hpp"

#include "incident/word_set.hpp"
#include "incident/words.hpp"

#include <algorithm>
#include <initializer_list>

namespace holdfast::incident {
namespace {

constexpr int k_counted_max = 100;

bool phrase_at(const Words& words, std::size_t at, std::initializer_list<std::string_view> phrase) {
    if (at + phrase.size() > words.size()) return false;
    return std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(at),
                      [](std::string_view wanted, const Word& word) { return wanted == word.folded; });
}

// Asked to hear that somebody is there, or to be polite: nothing of the emergency comes of it.
bool courtesy(const Words& words, std::size_t at) {
    return phrase_at(words, at, {"are", "you", "still", "there"}) || phrase_at(words, at, {"are", "you", "there"}) ||
           phrase_at(words, at, {"can", "you", "hear", "me"}) || phrase_at(words, at, {"sigue", "ahi"}) ||
           phrase_at(words, at, {"me", "escucha"}) || phrase_at(words, at, {"me", "oye"}) ||
           phrase_at(words, at, {"is", "that", "okay"}) || phrase_at(words, at, {"how", "can", "i", "help"});
}

}  // namespace

bool asks(std::string_view text) {
    const Words words = split(text);
    static const WordSet k_asking("what what's where where's who who's when how which why que donde quien cuando cual cuantos como");
    static const WordSet k_verbs("is are was were do does did has have had can could will would");
    static const WordSet k_subjects("you he she it they there anyone anybody someone somebody the your that this he's");
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (courtesy(words, at)) return false;
    }
    const bool marked = text.find('?') != std::string_view::npos;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at].folded;
        const bool begins = at == 0 || words[at - 1].pause || words[at - 1].folded == "and" || words[at - 1].folded == "okay" ||
                            words[at - 1].folded == "911" || words[at - 1].folded == "y";
        if (begins && k_asking.has(word) && (marked || at + 1 < words.size())) return true;
        if (begins && k_verbs.has(word) && at + 1 < words.size() && k_subjects.has(words[at + 1].folded)) return true;
        if (phrase_at(words, at, {"tell", "me"}) || phrase_at(words, at, {"give", "me", "the"}) ||
            phrase_at(words, at, {"give", "me", "your"}) || phrase_at(words, at, {"i", "need", "the", "address"}) ||
            phrase_at(words, at, {"i", "need", "to", "know"}) || phrase_at(words, at, {"i", "need", "your"}) ||
            phrase_at(words, at, {"describe"}) || phrase_at(words, at, {"say", "the", "address"}) ||
            word == "digame" || word == "deme" || word == "describa" || phrase_at(words, at, {"necesito", "saber"}) ||
            phrase_at(words, at, {"necesito", "la", "direccion"}) || phrase_at(words, at, {"hay", "alguien"})) {
            return true;
        }
    }
    return marked;
}

void Questions::said(std::string_view text, std::int64_t end_ms) {
    if (!asks(text)) return;
    // Asked again before an answer: the same question, and its time runs anew.
    open_.assign(text.substr(0, 512));
    open_since_ms_ = end_ms;
}

bool Questions::answered(std::int64_t start_ms) {
    // Words that began before the question ended answer something else, unless they cut it short.
    if (open_.empty() || start_ms < open_since_ms_ - 1000) return false;
    open_.clear();
    counted_ = std::min(counted_ + 1, k_counted_max);
    return true;
}

bool Questions::tick(std::int64_t now_ms) {
    if (open_.empty() || now_ms < open_since_ms_ + timeout_ms_) return false;
    open_.clear();
    counted_ = std::min(counted_ + 1, k_counted_max);
    return true;
}

std::optional<std::int64_t> Questions::due_ms() const {
    if (open_.empty()) return std::nullopt;
    return open_since_ms_ + timeout_ms_;
}

}  // namespace holdfast::incident
