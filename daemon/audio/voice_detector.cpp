#include "audio/voice_detector.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::audio {
namespace {

constexpr float k_unknown = 100.0f;          // a part of the floor in which nothing was heard
constexpr double k_floor_default = -70.0;
constexpr double k_steady_range_db = 4.0;    // noise in 20 ms frames swings less, a voice more
constexpr double k_voice_decay_db = 0.06;    // a frame: 3 dB a second, another person may go on softly
constexpr double k_voice_none = -200.0;
constexpr unsigned k_start_voiced = 5;       // of the newest eight frames
constexpr std::uint32_t k_newest_eight = 0xff;
constexpr unsigned k_begin_frames_max = 24;  // so far back a begin is looked for
constexpr double k_perhaps_below_start_db = 10.0;
constexpr double k_perhaps_above_floor_db = 4.5;
constexpr unsigned k_young_floor_frames = 12;
constexpr double k_key_share = 0.7;          // of the energy in one low and one high tone
constexpr double k_key_tone_share = 0.1;     // of the energy in each of the two

// Butterworth, 200 Hz at 8 kHz, second order: takes mains hum (50, 60, 100 Hz) and leaves voices.
constexpr float k_b0 = 0.89485860f, k_b1 = -1.78971721f, k_b2 = 0.89485860f;
constexpr float k_a1 = -1.77863178f, k_a2 = 0.80080265f;

constexpr std::size_t k_tones = 8;  // 697, 770, 852, 941, 1209, 1336, 1477, 1633 Hz
// 2 cos(2 pi f / 8000), for Goertzel
constexpr std::array<float, k_tones> k_tone = {1.70773780f, 1.64528104f, 1.56868698f, 1.47820457f,
                                               1.16410402f, 0.99637020f, 0.79861836f, 0.56853271f};

unsigned bits(std::uint32_t value) {
    unsigned count = 0;
    for (; value != 0; value &= value - 1) ++count;
    return count;
}

}  // namespace

VoiceDetector::VoiceDetector(VoiceDetectorOptions options) : options_(options) { reset(); }

void VoiceDetector::reset() {
    filled_ = 0;
    silent_ = true;
    x1_ = x2_ = y1_ = y2_ = 0;
    parts_.fill(k_unknown);
    part_ = part_frames_ = 0;
    floor_db_ = k_floor_default;
    heard_frames_ = 0;
    gated_ = false;
    recent_at_ = recent_count_ = 0;
    voice_db_ = k_voice_none;
    frames_ = 0;
    voiced_ = perhaps_ = 0;
    quiet_frames_ = 0;
    speaking_ = false;
    started_ms_ = last_sound_ms_ = -1;
}

std::optional<VoiceDetector::Change> VoiceDetector::feed(std::string_view mulaw) {
    Change change;
    while (!mulaw.empty()) {
        const std::size_t taken = std::min(mulaw.size(), k_frame_samples - filled_);
        float* const to = samples_.data() + filled_;
        unsigned sound = 0;
        for (std::size_t i = 0; i < taken; ++i) {
            const auto byte = static_cast<std::uint8_t>(mulaw[i]);
            to[i] = static_cast<float>(mulaw_decode(byte));
            sound |= ~unsigned{byte} & 0x7f;
        }
        silent_ = silent_ && sound == 0;
        filled_ += taken;
        mulaw.remove_prefix(taken);
        if (filled_ == k_frame_samples) end_frame(change);
    }
    if (!change.started && !change.stopped) return std::nullopt;
    return change;
}

void VoiceDetector::end_frame(Change& change) {
    filled_ = 0;
    ++frames_;
    voice_db_ -= k_voice_decay_db;
    if (std::exchange(silent_, true)) {
        // A gap or a gated line says nothing about the noise that comes back after it.
        x1_ = x2_ = y1_ = y2_ = 0;
        recent_count_ = 0;
        gated_ = gated_ || heard_frames_ == 0;
        return decide(false, false, k_dbfs_floor, change);
    }
    const double db = filtered_dbfs();
    follow_floor(db);
    const bool steady = is_steady(db);
    const bool perhaps = !steady && db >= std::max(options_.start_dbfs - k_perhaps_below_start_db,
                                                   floor_db_ + k_perhaps_above_floor_db);
    decide(!steady && db >= threshold() && !is_key_tone(), perhaps, db, change);
}

double VoiceDetector::filtered_dbfs() {
    float sum = 0;
    float x1 = x1_, x2 = x2_, y1 = y1_, y2 = y2_;
    for (const float x : samples_) {
        // The newest output last: one multiplication and one subtraction between a sample and the next.
        const float y = (k_b0 * x + k_b1 * x1 + k_b2 * x2 - k_a2 * y2) - k_a1 * y1;
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
        sum += y * y;
    }
    x1_ = x1, x2_ = x2, y1_ = y1, y2_ = y2;
    return to_dbfs(static_cast<double>(sum) / (32768.0 * 32768.0) / static_cast<double>(k_frame_samples));
}

bool VoiceDetector::is_key_tone() const {
    std::array<float, k_tones> s1{}, s2{};
    float energy = 0;
    for (const float x : samples_) {
        energy += x * x;
        for (std::size_t t = 0; t < k_tones; ++t) {
            const float s0 = x + k_tone[t] * s1[t] - s2[t];
            s2[t] = s1[t];
            s1[t] = s0;
        }
    }
    std::array<float, 2> best{};  // share of the energy, low and high group
    for (std::size_t t = 0; t < k_tones; ++t) {
        const float power = s1[t] * s1[t] + s2[t] * s2[t] - k_tone[t] * s1[t] * s2[t];
        const float share = 2 * power / (static_cast<float>(k_frame_samples) * energy);
        best[t / 4] = std::max(best[t / 4], share);
    }
    return best[0] >= k_key_tone_share && best[1] >= k_key_tone_share && best[0] + best[1] >= k_key_share;
}

void VoiceDetector::follow_floor(double db) {
    parts_[part_] = std::min(parts_[part_], static_cast<float>(db));
    const float lowest = *std::min_element(parts_.begin(), parts_.end());
    floor_db_ = lowest;
    // On a line that was digitally silent the first thing heard may be the caller, not the noise.
    if (heard_frames_ < k_young_floor_frames && ++heard_frames_ < k_young_floor_frames && gated_) {
        floor_db_ = std::min(floor_db_, k_floor_default);
    }
    if (++part_frames_ < k_part_frames) return;
    part_frames_ = 0;
    part_ = (part_ + 1) % k_floor_parts;
    parts_[part_] = k_unknown;
}

// A fan, a modem, hum, a tone: it begins at once and stays as it is; the floor need not wait for 3 s.
bool VoiceDetector::is_steady(double db) {
    recent_[recent_at_] = static_cast<float>(db);
    recent_at_ = (recent_at_ + 1) % k_steady_frames;
    if (++recent_count_ < k_steady_frames) return false;
    recent_count_ = k_steady_frames;
    const auto [low, high] = std::minmax_element(recent_.begin(), recent_.end());
    if (*high - *low > k_steady_range_db) return false;
    if (*low > floor_db_) {
        parts_.fill(*low);
        floor_db_ = *low;
    }
    return true;
}

double VoiceDetector::threshold() const {
    const double from = std::max({options_.start_dbfs, floor_db_ + options_.above_floor_db,
                                  voice_db_ - options_.below_voice_db});
    return speaking_ ? from - options_.hold_below_start_db : from;
}

// Back from the first voiced frame over weaker ones; 60 ms that are none end it.
std::int64_t VoiceDetector::begin_of_speech_ms() const {
    unsigned first = 7;
    while ((voiced_ >> first & 1) == 0) --first;
    for (unsigned at = first + 1; at < k_begin_frames_max && (perhaps_ >> at & 7) != 0; ++at) {
        if ((perhaps_ >> at & 1) != 0) first = at;
    }
    return std::max<std::int64_t>(0, position_ms() - static_cast<std::int64_t>(first + 1) * k_frame_ms);
}

void VoiceDetector::decide(bool voiced, bool perhaps, double db, Change& change) {
    voiced_ = voiced_ << 1 | (voiced ? 1u : 0u);
    perhaps_ = perhaps_ << 1 | (perhaps ? 1u : 0u);
    if (voiced) {
        quiet_frames_ = 0;
        last_sound_ms_ = speaking_ ? position_ms() : last_sound_ms_;
        if (speaking_) voice_db_ = std::max(voice_db_, db);
    } else {
        ++quiet_frames_;
    }
    if (!speaking_ && bits(voiced_ & k_newest_eight) >= k_start_voiced) {
        speaking_ = true;
        started_ms_ = begin_of_speech_ms();
        last_sound_ms_ = position_ms();
        voice_db_ = std::max(voice_db_, db);
        change.started = true;
    } else if (speaking_ && quiet_frames_ >= options_.hangover_frames) {
        speaking_ = false;
        voiced_ = perhaps_ = 0;
        change.stopped = true;
    }
}

}  // namespace holdfast::audio
