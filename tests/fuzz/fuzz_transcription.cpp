// A file endpoint that answers anything: what is kept of it is bounded text in UTF-8, and words that may be logged.
#include "base/text.hpp"
#include "fuzz.hpp"
#include "transcribe/answer_codec.hpp"
#include "transcribe/limits.hpp"
#include "transcribe/service.hpp"

#include <algorithm>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const std::string body(fuzz::text(data, size));
    const auto words = transcribe::decode_transcript(body);
    FUZZ_CHECK(!words || (words->reveal().size() <= transcribe::k_text_bytes_max && base::is_utf8(words->reveal())));
    const auto error = transcribe::decode_api_error(body);
    for (const auto& word : {error.code, error.param}) {
        FUZZ_CHECK(word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 0x7f; }));
    }
    for (const int status : {200, 400, 404, 429, 503}) {
        const auto judgement = transcribe::judge(net::HttpAnswer{status, {{"Retry-After", body}}, body});
        FUZZ_CHECK(judgement.result[0] != '\0');
        FUZZ_CHECK(!judgement.wait || *judgement.wait <= transcribe::k_retry_after_most);
    }
    return 0;
}
