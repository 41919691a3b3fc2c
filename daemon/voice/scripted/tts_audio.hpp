// Whether bytes that were promised to be headerless 8 kHz mu-law are speech of the text we asked for:
// not a web page, not JSON, not MP3, not a fragment (E06, E07, E08). And cut into base64 pieces. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::voice::scripted {

// What the declared content type says: "html", "json", "mp3" and "audio" are refused ("audio": another
// format, such as WAV); mu-law's own and unknown types are left to the bytes. Null: not refused.
const char* refuse_type(std::string_view content_type);

// Speech is slower than 50 characters a second and faster than one in 0.6 s; pauses and single digits
// need room at the upper end.
std::size_t speech_bytes_min(std::string_view text);
std::size_t speech_bytes_max(std::string_view text);

class MulawJudge {
  public:
    // Takes the next bytes of the body and gives what may be played: base64 of whole 3-byte groups (no
    // padding inside an item), empty while the beginning is still looked at.
    std::string take(std::string_view bytes);
    // The body is complete: the rest, padded.
    std::string finish();
    const char* refused() const { return refused_; }  // null, or "html", "json", "mp3", "audio"
    std::size_t bytes() const { return total_; }
    const std::string& audio() const { return all_; }  // everything, once it was let through

  private:
    bool look(bool complete);
    std::string emit(bool complete);

    std::string all_;
    std::size_t emitted_ = 0;
    std::size_t total_ = 0;
    bool passed_ = false;
    const char* refused_ = nullptr;
};

}  // namespace holdfast::voice::scripted
