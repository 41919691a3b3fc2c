// X10: does the time of a signature check tell how much of a signature is right? Times verify() over
// signatures that differ in the first character, in the last, and that match, interleaved so that a
// change of the machine's speed meets all three alike. Prints medians and their ratio; exit code 1
// when the ratio is measurable.
#include "base/random.hpp"
#include "twilio/signature.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace holdfast;
using Clock = std::chrono::steady_clock;

// 1 %: an attacker far away sees microseconds through milliseconds of jitter; this is nanoseconds.
constexpr double k_ratio_max = 1.01;

struct Kind {
    const char* name;
    std::string signature;
    bool matches;
    std::vector<std::uint32_t> ns{};
};

std::string with_other_character(std::string signature, std::size_t at) {
    signature[at] = signature[at] == 'A' ? 'B' : 'A';
    return signature;
}

std::uint32_t median(std::vector<std::uint32_t>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t tries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    const std::vector<base::Secret> tokens = {base::Secret(base::random_hex(16)), base::Secret(base::random_hex(16))};
    const auto forms = twilio::url_forms("https://edge.psap.example:8443", "/ws/media", true);
    const std::string right = twilio::sign(tokens[0].reveal(), forms[0].url, {});
    std::array<Kind, 3> kinds = {{{"first character wrong", with_other_character(right, 0), false},
                                  {"last character wrong", with_other_character(right, 26), false},
                                  {"right", right, true}}};
    for (Kind& kind : kinds) kind.ns.reserve(tries);

    for (std::size_t i = 0; i < tries * kinds.size(); ++i) {
        // The order within each group of three turns with every group.
        Kind& kind = kinds[(i + i / kinds.size()) % kinds.size()];
        const auto before = Clock::now();
        const bool matched = static_cast<bool>(twilio::verify(kind.signature, forms, {}, tokens));
        const auto after = Clock::now();
        if (matched != kind.matches) return 2;
        kind.ns.push_back(static_cast<std::uint32_t>((after - before).count()));
    }

    std::array<std::uint32_t, 3> medians{};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        medians[i] = median(kinds[i].ns);
        std::printf("%-22s median %7u ns over %zu tries\n", kinds[i].name, medians[i], tries);
    }
    const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
    const double ratio = static_cast<double>(*most) / static_cast<double>(*least);
    std::printf("slowest / fastest      %.4f\n", ratio);
    return ratio <= k_ratio_max ? 0 : 1;
}
