// HTTP as it comes from the network: requests to the listener, answers to our clients. However it is
// cut, the verdict is the same, and what passes holds what the routes rely on.
#include "fuzz.hpp"
#include "net/http_parse.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace holdfast;

net::HttpLimits limits() {
    auto limits = net::HttpLimits::defaults();
    limits.header_bytes_max = 2048;
    limits.header_fields_max = 16;
    limits.body_bytes_max = 1024;
    return limits;
}

struct Outcome {
    net::ReadStep step = net::ReadStep::more;
    int status = 0;
    std::string target;
    std::string body;
    std::size_t used = 0;
};

void check(net::RequestReader& reader) {
    const auto& request = reader.request();
    FUZZ_CHECK(!request.method.empty() && !request.target.empty());
    FUZZ_CHECK(request.target.find_first_of(" \r\n\t") == std::string::npos);
    FUZZ_CHECK(request.headers.size() <= limits().header_fields_max);
    FUZZ_CHECK(request.body.size() <= limits().body_bytes_max);
    FUZZ_CHECK(request.header("Transfer-Encoding").empty() && request.header("Expect").empty());
    FUZZ_CHECK(reader.leftover().empty() || request.upgrade);
    for (const auto& [name, value] : request.headers) {
        FUZZ_CHECK(name.find_first_of(" :\r\n\t") == std::string::npos);
        FUZZ_CHECK(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos);
    }
}

Outcome read_request(std::string_view input, std::size_t piece) {
    net::RequestReader reader(limits());
    Outcome outcome;
    for (std::size_t at = 0; at < input.size() && outcome.step == net::ReadStep::more; at += piece) {
        const auto part = input.substr(at, piece);
        outcome.step = reader.put(part);
        outcome.used += part.size();
    }
    if (outcome.step == net::ReadStep::refused) {
        FUZZ_CHECK(reader.status() >= 400 && reader.status() <= 505 && *reader.reason() != '\0');
        outcome.status = reader.status();
    }
    if (outcome.step == net::ReadStep::done) {
        check(reader);
        outcome.used -= reader.leftover().size();
        outcome.target = reader.request().target;
        outcome.body = reader.request().body;
    }
    return outcome;
}

void compare(const Outcome& whole, std::string_view input) {
    const Outcome bytewise = read_request(input, 1);
    // Read whole, bytes behind a request are seen at once and refused.
    if (bytewise.step == net::ReadStep::done && whole.step == net::ReadStep::refused) {
        FUZZ_CHECK(bytewise.used < input.size() && whole.status == 400);
        return;
    }
    // Read whole, a head is judged at its end; byte by byte a fault shows as soon as it comes.
    FUZZ_CHECK(bytewise.step == whole.step);
    FUZZ_CHECK(bytewise.target == whole.target && bytewise.body == whole.body);
}

void read_answer(std::string_view input, std::size_t piece) {
    net::ResponseReader reader(1024, false);
    auto step = net::ReadStep::more;
    for (std::size_t at = 0; at < input.size() && step == net::ReadStep::more; at += piece) {
        step = reader.put(input.substr(at, piece));
    }
    if (step == net::ReadStep::more) step = reader.put_eof();
    FUZZ_CHECK(step != net::ReadStep::more);
    if (step == net::ReadStep::done) FUZZ_CHECK(reader.take().body.size() <= 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = 1 + data[0] % 64U;
    const auto input = fuzz::text(data + 1, size - 1);
    compare(read_request(input, std::max<std::size_t>(input.size(), 1)), input);
    (void)read_request(input, piece);
    read_answer(input, piece);
    return 0;
}
