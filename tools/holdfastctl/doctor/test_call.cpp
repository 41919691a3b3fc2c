#include "holdfastctl/doctor/checks.hpp"

namespace holdfast::ctl::doctor {

void check_test_call(const Tell& tell, const config::Config&) {
    tell({"test_call", "", Verdict::not_checked, "not_asked", "no test call was placed",
          "holdfastctl selftest places one through the box's own port."});
}

}  // namespace holdfast::ctl::doctor
