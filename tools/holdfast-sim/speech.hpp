// Spoken audio for both sides: text through espeak-ng (a child process), WAV files through the
// audio room; everything as 8 kHz mu-law. Blocks; used before a call or a listener starts.
#pragma once

#include "base/error.hpp"

#include <map>
#include <string>

namespace holdfast::sim {

struct Voice {
    std::string name = "en-us";
    int words_per_minute = 165;
};

class Speech {
  public:
    explicit Speech(Voice voice = {}) : voice_(std::move(voice)) {}
    // The same text is synthesised once. Error "espeak" when the program is missing or fails.
    base::Result<std::string> say(const std::string& text);
    static base::Result<std::string> load(const std::string& wav_path);

  private:
    Voice voice_;
    std::map<std::string, std::string> said_;
};

}  // namespace holdfast::sim
