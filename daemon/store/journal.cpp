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

}  // namespace holdfast::store
