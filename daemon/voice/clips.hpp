// The recorded prompts in memory: what they sound like and what they say, by id and language. Built once at
// start; afterwards nothing changes and any thread may read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::voice {

struct Clip {
    std::string base64;  // mu-law, 8 kHz
    std::string words;
};

class Clips {
  public:
    void add(std::string_view id, std::string_view language, Clip clip) {
        clips_[{std::string(language), std::string(id)}] = std::move(clip);
    }
    // The clip in that language, else in English, else in the other one; null: there is none.
    const Clip* find(std::string_view id, std::string_view language) const {
        for (const std::string_view tongue : {language, std::string_view("en"), std::string_view("es")}) {
            const auto found = clips_.find({std::string(tongue), std::string(id)});
            if (found != clips_.end()) return &found->second;
        }
        return nullptr;
    }
    bool has(std::string_view id, std::string_view language) const {
        return clips_.count({std::string(language), std::string(id)}) != 0;
    }
    std::size_t size() const { return clips_.size(); }

  private:
    std::map<std::pair<std::string, std::string>, Clip> clips_;  // by language and id
};

}  // namespace holdfast::voice
