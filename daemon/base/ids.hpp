// Identifiers that must not be mixed up are distinct types. Values are checked at the boundary by
// parse(); inside the daemon an Id is always well formed (or empty).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::base {

// Two letters and 32 hexadecimal digits, as every Twilio identifier (twilio.md section 0).
bool is_twilio_sid(std::string_view text, char first, char second);

template <char First, char Second>
class TwilioSid {
  public:
    TwilioSid() = default;
    static std::optional<TwilioSid> parse(std::string_view text) {
        if (!is_twilio_sid(text, First, Second)) return std::nullopt;
        TwilioSid sid;
        sid.value_.assign(text);
        return sid;
    }
    const std::string& str() const { return value_; }
    bool empty() const { return value_.empty(); }
    friend bool operator==(const TwilioSid& a, const TwilioSid& b) { return a.value_ == b.value_; }
    friend bool operator!=(const TwilioSid& a, const TwilioSid& b) { return !(a == b); }
    friend bool operator<(const TwilioSid& a, const TwilioSid& b) { return a.value_ < b.value_; }

  private:
    std::string value_;
};

using CallSid = TwilioSid<'C', 'A'>;
using StreamSid = TwilioSid<'M', 'Z'>;
using AccountSid = TwilioSid<'A', 'C'>;

}  // namespace holdfast::base

template <char F, char S>
struct std::hash<holdfast::base::TwilioSid<F, S>> {
    std::size_t operator()(const holdfast::base::TwilioSid<F, S>& sid) const noexcept {
        return std::hash<std::string>{}(sid.str());
    }
};
