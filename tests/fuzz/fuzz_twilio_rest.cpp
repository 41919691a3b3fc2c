// Whatever answers for Twilio's REST interface: bounded, and never taken for done unless it says so.
#include "fuzz.hpp"
#include "twilio/rest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const auto body = fuzz::text(data, size);
    const auto children = twilio::count_children(body);
    FUZZ_CHECK(!children || *children <= size);
    for (const int status : {200, 302, 400, 401, 404, 429, 500}) {
        const auto answer = twilio::judge_rest(status, body);
        FUZZ_CHECK((answer.kind == twilio::RestAnswer::Kind::done) == (status == 200));
        FUZZ_CHECK(answer.code >= 0 && answer.code < 1'000'000);
    }
    return 0;
}
