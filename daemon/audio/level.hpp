// Loudness of mu-law audio and a simple speech detector on 20 ms frames: energy against a fixed
// threshold, a short attack against clicks, a hangover across the pauses inside a word. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::audio {

constexpr double k_dbfs_floor = -96.0;  // what digital silence reads as

// Mean square of the samples, full scale = 1. Empty audio is silence.
double mean_square(std::string_view mulaw);
double to_dbfs(double mean_square);
inline double dbfs(std::string_view mulaw) {
    return to_dbfs(mean_square(mulaw));
}

struct SpeechDetectorOptions {
    double threshold_dbfs = -40.0;  // handset speech is around -20, line noise below -50
    unsigned attack_frames = 3;     // so many loud frames in a row begin speech
    unsigned hangover_frames = 15;  // so many quiet frames in a row end it
};

class SpeechDetector {
  public:
    enum class Change { none, started, stopped };

    explicit SpeechDetector(SpeechDetectorOptions options = {}) : options_(options) {}

    Change push(std::string_view frame) { return push_dbfs(dbfs(frame)); }
    Change push_dbfs(double level);
    bool speaking() const { return speaking_; }
    // Quiet frames at the end of what was pushed since the last loud one.
    std::uint64_t quiet_frames() const { return quiet_; }
    void reset();

  private:
    SpeechDetectorOptions options_;
    bool speaking_ = false;
    std::uint64_t loud_ = 0;
    std::uint64_t quiet_ = 0;
};

}  // namespace holdfast::audio
