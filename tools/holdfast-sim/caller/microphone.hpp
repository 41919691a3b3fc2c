// The caller's mouth: cuts what is to be said into 20 ms frames and knows which of them are speech.
#pragma once

#include "audio/level.hpp"
#include "audio/mulaw.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace holdfast::sim {

class Microphone {
  public:
    struct Piece {
        std::string frame;   // 160 bytes
        bool first = false;  // first and last audible frame of the utterance
        bool last = false;
    };

    void say(std::string mulaw) {
        audio_ = std::move(mulaw);
        const std::size_t ragged = audio_.size() % audio::k_mulaw_frame_bytes;
        if (ragged != 0) audio_.append(audio::k_mulaw_frame_bytes - ragged, audio::k_mulaw_silence);
        at_ = 0;
        first_ = audio_.size();
        last_ = 0;
        for (std::size_t i = 0; i < audio_.size(); i += audio::k_mulaw_frame_bytes) {
            if (audio::dbfs(std::string_view(audio_).substr(i, audio::k_mulaw_frame_bytes)) <
                k_audible_dbfs)
                continue;
            first_ = std::min(first_, i);
            last_ = i;
        }
        if (first_ > last_) first_ = last_ = 0;  // nothing audible: the first frame stands for it
    }

    bool busy() const { return at_ < audio_.size(); }

    Piece next() {
        if (!busy())
            return {std::string(audio::k_mulaw_frame_bytes, audio::k_mulaw_silence), false, false};
        Piece piece{audio_.substr(at_, audio::k_mulaw_frame_bytes), at_ == first_, at_ == last_};
        at_ += audio::k_mulaw_frame_bytes;
        return piece;
    }

    static constexpr double k_audible_dbfs = -45.0;

  private:
    std::string audio_;
    std::size_t at_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

}  // namespace holdfast::sim
