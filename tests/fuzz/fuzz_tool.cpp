// Arguments of a model's tool call: whatever comes is a bounded proposal or a refusal by one of three words.
#include "fuzz.hpp"
#include "voice/tools.hpp"

#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const auto text = fuzz::text(data, size);
    for (const char* name : {"transfer_to_person", "report_incident", "request_dispatch"}) {
        const auto call = voice::decode_tool(name, text);
        if (!call) {
            FUZZ_CHECK(std::strcmp(call.error().code, "arguments") == 0);
            continue;
        }
        FUZZ_CHECK(call->reason.size() <= voice::k_tool_reason_bytes_max);
        FUZZ_CHECK(call->report.place.size() <= voice::k_tool_place_bytes_max && call->report.type.size() <= 16);
        for (const char c : call->report.type) FUZZ_CHECK((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    }
    const auto named = voice::decode_tool(text, "{}");
    FUZZ_CHECK(named || std::strcmp(named.error().code, "unknown") == 0 || std::strcmp(named.error().code, "forbidden") == 0 || std::strcmp(named.error().code, "arguments") == 0);
    return 0;
}
