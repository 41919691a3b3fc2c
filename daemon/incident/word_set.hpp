// A fixed set of words, written as one line of text. Pure.
#pragma once

#include <string_view>
#include <unordered_set>

namespace holdfast::incident {

class WordSet {
  public:
    explicit WordSet(std::string_view words) {
        while (!words.empty()) {
            const std::size_t space = words.find(' ');
            const std::string_view word = words.substr(0, space);
            if (!word.empty()) words_.insert(word);
            if (space == std::string_view::npos) break;
            words.remove_prefix(space + 1);
        }
    }
    bool has(std::string_view word) const { return words_.count(word) != 0; }

  private:
    std::unordered_set<std::string_view> words_;
};

}  // namespace holdfast::incident
