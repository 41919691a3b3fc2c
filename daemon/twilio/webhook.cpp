#include "twilio/webhook.hpp"

#include "base/text.hpp"
#include "config/limits.hpp"

#include <algorithm>

namespace holdfast::twilio {
namespace {

base::Error refuse(const char* code) { return base::make_error(base::Condition::reject, code); }

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Decodes one name or value. Returns the word of what is wrong, or nullptr.
const char* decode(std::string_view raw, std::string& out) {
    out.clear();
    out.reserve(std::min(raw.size(), limits::form_value_bytes_max));
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
            const int low = high >= 0 ? hex_value(raw[i + 2]) : -1;
            if (low < 0) return "bad_encoding";
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return "nul";
        if (out.size() == limits::form_value_bytes_max) return "value_too_long";
        out.push_back(c);
    }
    return nullptr;
}

// Calls `on_pair(name, value)` with the raw texts of each pair until it answers false.
template <class OnPair>
void each_pair(std::string_view body, OnPair&& on_pair) {
    while (!body.empty()) {
        const auto pair = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(pair.size() + 1, body.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        if (!on_pair(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())))) return;
    }
}

// A SID needs no encoding, so it can be found in a body that cannot be decoded.
std::optional<base::CallSid> find_call_sid(std::string_view body) {
    std::optional<base::CallSid> found;
    each_pair(body.substr(0, limits::body_bytes_max), [&](std::string_view name, std::string_view value) {
        if (name == "CallSid") found = base::CallSid::parse(value);
        return !found;
    });
    return found;
}

// For people and journals, which want UTF-8; the signature was checked over the bytes as they came.
std::string readable(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = base::utf8_character_bytes(bytes, i);
        if (length == 0) {
            out.push_back('?');
            ++i;
        } else {
            out.append(bytes.substr(i, length));
            i += length;
        }
    }
    return out;
}

}  // namespace

std::string_view Form::get(std::string_view name) const {
    for (const auto& pair : pairs) {
        if (pair.first == name) return pair.second;
    }
    return {};
}

std::size_t Form::count(std::string_view name) const {
    const auto named = [name](const auto& pair) { return pair.first == name; };
    return static_cast<std::size_t>(std::count_if(pairs.begin(), pairs.end(), named));
}

base::Result<Form> parse_form(std::string_view body, std::optional<base::CallSid>* salvaged) {
    if (salvaged != nullptr) *salvaged = find_call_sid(body);
    if (body.size() > limits::body_bytes_max) return refuse("too_large");
    Form form;
    const char* wrong = nullptr;
    each_pair(body, [&](std::string_view name, std::string_view value) {
        if (form.pairs.size() == limits::form_fields_max) {
            wrong = "too_many_fields";
            return false;
        }
        auto& pair = form.pairs.emplace_back();
        wrong = decode(name, pair.first);
        if (wrong == nullptr) wrong = decode(value, pair.second);
        return wrong == nullptr;
    });
    if (wrong != nullptr) return refuse(wrong);
    return form;
}

base::Result<VoiceRequest> read_voice_request(const Form& form) {
    const auto call = base::CallSid::parse(form.get("CallSid"));
    if (!call) return refuse("call_sid");
    const auto another = [&call](const auto& pair) {
        return pair.first == "CallSid" && pair.second != call->str();
    };
    if (std::any_of(form.pairs.begin(), form.pairs.end(), another)) return refuse("repeated");
    VoiceRequest request;
    request.call = *call;
    request.account_sid = readable(form.get("AccountSid"));
    request.from = base::Sensitive<std::string>(readable(form.get("From")));
    request.to = base::Sensitive<std::string>(readable(form.get("To")));
    request.direction = readable(form.get("Direction"));
    request.call_status = readable(form.get("CallStatus"));
    request.attestation = readable(form.get("StirVerstat"));
    return request;
}

}  // namespace holdfast::twilio
