#include "voice/voice.hpp"

namespace holdfast::voice {

const char* to_string(Stage stage) {
    switch (stage) {
        case Stage::connecting: return "connecting";
        case Stage::connected: return "connected";
        case Stage::created: return "created";
        case Stage::configured: return "configured";
        case Stage::renewing: return "renewing";
        case Stage::renewed: return "renewed";
    }
    return "unknown";
}

}  // namespace holdfast::voice
