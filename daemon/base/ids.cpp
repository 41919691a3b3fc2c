#include "base/ids.hpp"

namespace holdfast::base {

bool is_twilio_sid(std::string_view text, char first, char second) {
    if (text.size() != 34 || text[0] != first || text[1] != second) return false;
    for (char c : text.substr(2)) {
        const bool hex =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex) return false;
    }
    return true;
}

}  // namespace holdfast::base
