// The webhook body: decoding, the fields of a voice request, and the signature over what was decoded.
#include "config/limits.hpp"
#include "fuzz.hpp"
#include "twilio/webhook.hpp"

#include "base/text.hpp"

#include <cstdio>

namespace {

using namespace holdfast;

std::string encode(std::string_view text) {
    std::string out;
    char hex[4];
    for (const char c : text) {
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += hex;
    }
    return out;
}

void check_pairs(const twilio::Form& form) {
    FUZZ_CHECK(form.pairs.size() <= limits::form_fields_max);
    std::string again;
    for (const auto& [name, value] : form.pairs) {
        FUZZ_CHECK(name.size() <= limits::form_value_bytes_max && value.size() <= limits::form_value_bytes_max);
        FUZZ_CHECK(name.find('\0') == std::string::npos && value.find('\0') == std::string::npos);
        FUZZ_CHECK(form.count(name) >= 1);
        again += encode(name) + '=' + encode(value) + '&';
    }
    if (again.size() > limits::body_bytes_max) return;
    const auto same = twilio::parse_form(again);
    FUZZ_CHECK(same && same->pairs == form.pairs);
}

void check_voice_request(const twilio::Form& form) {
    const auto request = twilio::read_voice_request(form);
    if (!request) {
        const std::string_view code = request.error().code;
        FUZZ_CHECK(code == "call_sid" || code == "repeated");
        return;
    }
    FUZZ_CHECK(request->call.str() == form.get("CallSid"));
    FUZZ_CHECK(base::is_utf8(request->from.reveal()) && base::is_utf8(request->to.reveal()));
    FUZZ_CHECK(!base::is_utf8(form.get("From")) || request->from.reveal() == form.get("From"));
}

void check_signature(const twilio::Form& form, std::string_view input) {
    const std::vector<base::Secret> tokens = {base::Secret(std::string("one")), base::Secret(std::string("two"))};
    const auto forms = twilio::url_forms("https://edge.psap.example", "/api/webhooks/voice", false);
    const auto right = twilio::sign("two", forms.at(1).url, form.pairs);
    const auto match = twilio::verify(right, forms, form.pairs, tokens);
    FUZZ_CHECK(match && match.token == 1 && match.which_url == forms[1].which);
    std::string wrong = right;
    wrong[input.size() % wrong.size()] ^= 1;
    FUZZ_CHECK(!twilio::verify(wrong, forms, form.pairs, tokens));
    FUZZ_CHECK(!twilio::verify(input, forms, form.pairs, tokens));
    auto changed = form.pairs;
    changed.emplace_back("Digits", "9");
    if (form.count("Digits") == 0) FUZZ_CHECK(!twilio::verify(right, forms, changed, tokens));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = fuzz::text(data, size);
    std::optional<base::CallSid> salvaged;
    const auto form = twilio::parse_form(input, &salvaged);
    if (form) {
        check_pairs(*form);
        check_voice_request(*form);
        check_signature(*form, input);
    } else {
        const std::string_view code = form.error().code;
        FUZZ_CHECK(code == "too_large" || code == "too_many_fields" || code == "value_too_long" ||
                   code == "bad_encoding" || code == "nul");
    }
    FUZZ_CHECK(!salvaged || input.find(salvaged->str()) != std::string_view::npos);
    // The same bytes as URL parts: whatever they are, at most six forms, all of them complete.
    const auto middle = size / 2;
    const auto forms = twilio::url_forms(input.substr(0, middle), input.substr(middle), size % 2 == 0);
    FUZZ_CHECK(forms.size() <= 6);
    for (const auto& one : forms) FUZZ_CHECK(one.url.find("://") != std::string::npos && one.which != nullptr);
    (void)twilio::verify_body_hash(input.substr(0, middle), input.substr(middle));
    return 0;
}
