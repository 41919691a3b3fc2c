// Words that mean a life at risk now, whatever a model or the rest of the sentence makes of them. Pure.
#pragma once

#include "incident/words.hpp"

#include <string>
#include <vector>

namespace holdfast::incident {

class Tripwires {
  public:
    Tripwires() = default;
    // Phrases of one or a few words, English or Spanish; case and accents do not matter.
    explicit Tripwires(const std::vector<std::string>& phrases);

    // Whether one of them is said, word for word, and not denied: "he's not choking" is none, "not breathing" is
    // one by itself.
    bool hit(const Words& said) const;

  private:
    std::vector<std::vector<std::string>> phrases_;  // folded words
};

}  // namespace holdfast::incident
