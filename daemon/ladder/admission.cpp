#include "ladder/admission.hpp"

namespace holdfast::ladder {

Admission admit(const Load& load) {
    if (!load.box_healthy) return {Rung::person, "unhealthy"};
    if (load.calls >= load.calls_max) return {Rung::person, "limit"};
    if (load.line_calls && load.calls >= *load.line_calls) return {Rung::person, "bandwidth"};
    // With nothing but recordings left for want of budget, a person serves better: the provider
    // is well, and the wall is passed in seconds (O26).
    if (load.budget_spent && load.best == Rung::canned) return {Rung::person, "budget"};
    if (load.best == Rung::person) return {Rung::person, "no_rung"};
    return {load.best, ""};
}

}  // namespace holdfast::ladder
