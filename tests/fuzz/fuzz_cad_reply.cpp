// What a CAD answers, and what claims to come from it: never an acceptance unless it says so, never a name that could
// drive a terminal, never theirs without the secret.
#include "dispatch/life.hpp"
#include "dispatch/webhook.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const auto body = fuzz::text(data, size);
    const auto reply = dispatch::read_reply(body);
    FUZZ_CHECK(!reply.acknowledged || body.find("acknowledged") != std::string_view::npos || body.find('\\') != std::string_view::npos);
    FUZZ_CHECK(reply.by.size() <= dispatch::k_by_bytes_max);
    for (const char c : reply.by) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    const auto half = body.size() / 2;
    const dispatch::Claim claim{"id", "1700000000", std::string(body.substr(0, half)), std::string(body.substr(half))};
    FUZZ_CHECK(!dispatch::claim_refusal(base::Secret(std::string("a secret nobody guesses")), claim, 1'700'000'000'000).empty());
    if (const auto id = dispatch::Id::parse(body)) FUZZ_CHECK(id->str() == body);
    return 0;
}
