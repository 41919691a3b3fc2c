// The steps of the ladder, best first, by the names that YAML, logs and the journal use.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace holdfast::ladder {

enum class Rung { openai, eleven_realtime, eleven_agent, scripted, canned, person };
constexpr std::size_t k_rungs = 6;
constexpr std::array<Rung, k_rungs> k_all_rungs{Rung::openai,   Rung::eleven_realtime,
                                                Rung::eleven_agent, Rung::scripted,
                                                Rung::canned,   Rung::person};

// Who must be reachable and let us in.
enum class Provider { none, openai, elevenlabs };
constexpr std::size_t k_providers = 3;

const char* to_string(Rung rung);
const char* to_string(Provider provider);
std::optional<Rung> parse_rung(std::string_view name);

// A model listens and answers; the rungs below follow a script of ours.
constexpr bool is_live(Rung rung) {
    return rung <= Rung::eleven_agent;
}
constexpr Provider provider_of(Rung rung) {
    if (rung == Rung::openai) return Provider::openai;
    return rung <= Rung::scripted ? Provider::elevenlabs : Provider::none;
}
constexpr std::size_t index(Rung rung) {
    return static_cast<std::size_t>(rung);
}

}  // namespace holdfast::ladder
