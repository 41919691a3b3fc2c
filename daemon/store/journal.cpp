#include "store/journal.hpp"

namespace holdfast::store {

const char* to_string(StoreHealth health) {
    switch (health) {
        case StoreHealth::good: return "good";
        case StoreHealth::degraded: return "degraded";
        case StoreHealth::failed: return "failed";
    }
    return "failed";
}

const char* to_string(ChangeClass change_class) {
    switch (change_class) {
        case ChangeClass::dispatch: return "dispatch";
        case ChangeClass::incident: return "incident";
        case ChangeClass::call: return "call";
        case ChangeClass::transcript: return "transcript";
        case ChangeClass::recording: return "recording";
        case ChangeClass::audit: return "audit";
    }
    return "audit";
}

}  // namespace holdfast::store
