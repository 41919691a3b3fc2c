#include "ladder/rung.hpp"

namespace holdfast::ladder {

const char* to_string(Rung rung) {
    switch (rung) {
        case Rung::openai:
            return "openai";
        case Rung::eleven_realtime:
            return "eleven_realtime";
        case Rung::eleven_agent:
            return "eleven_agent";
        case Rung::scripted:
            return "scripted";
        case Rung::canned:
            return "canned";
        case Rung::person:
            return "person";
    }
    return "person";
}

const char* to_string(Provider provider) {
    switch (provider) {
        case Provider::none:
            return "none";
        case Provider::openai:
            return "openai";
        case Provider::elevenlabs:
            return "elevenlabs";
    }
    return "none";
}

std::optional<Rung> parse_rung(std::string_view name) {
    for (const Rung rung : k_all_rungs) {
        if (name == to_string(rung)) return rung;
    }
    return std::nullopt;
}

}  // namespace holdfast::ladder
