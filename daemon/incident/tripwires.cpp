#include "incident/tripwires.hpp"

#include "incident/word_set.hpp"

#include <algorithm>

namespace holdfast::incident {
namespace {

constexpr std::size_t k_negator_reach = 2;  // words before the phrase: "not really choking"

const WordSet& negators() {
    static const WordSet k_words("not no never isn't wasn't aren't don't doesn't didn't hasn't haven't without nobody nunca nadie sin");
    return k_words;
}

}  // namespace

Tripwires::Tripwires(const std::vector<std::string>& phrases) {
    for (const auto& phrase : phrases) {
        std::vector<std::string> words;
        for (const Word& word : split(phrase)) words.push_back(word.folded);
        if (!words.empty()) phrases_.push_back(std::move(words));
    }
}

bool Tripwires::hit(const Words& said) const {
    for (const auto& phrase : phrases_) {
        const auto same = [](const Word& word, const std::string& wanted) { return word.folded == wanted; };
        for (auto at = said.begin();; ++at) {
            at = std::search(at, said.end(), phrase.begin(), phrase.end(), same);
            if (at == said.end()) break;
            const auto reach = std::min<std::ptrdiff_t>(at - said.begin(), k_negator_reach);
            const bool denied = std::any_of(at - reach, at, [](const Word& word) { return negators().has(word.folded); });
            if (!denied) return true;
        }
    }
    return false;
}

}  // namespace holdfast::incident
