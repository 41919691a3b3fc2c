#include "audio/resample.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast::audio {
namespace {

constexpr double k_pi = 3.14159265358979323846;
constexpr double k_zero_crossings = 48;  // on each side, at the lower of the two rates
constexpr double k_kaiser_beta = 9.0;    // about 90 dB stop band
constexpr double k_cutoff = 0.94;        // of the lower Nyquist frequency: the middle of the slope

double bessel_i0(double x) {
    double sum = 1;
    double term = 1;
    for (int k = 1; k < 40; ++k) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

double sinc(double x) {
    return std::abs(x) < 1e-12 ? 1.0 : std::sin(k_pi * x) / (k_pi * x);
}

// Weights for an output that lies `fraction` of an input sample after the input sample `reach`.
std::vector<double> make_phase(double fraction, int reach, double cutoff) {
    std::vector<double> taps;
    taps.reserve(static_cast<std::size_t>(2 * reach));
    double sum = 0;
    for (int k = -reach + 1; k <= reach; ++k) {
        const double distance = k - fraction;
        const double edge = distance / reach;
        const double window =
            std::abs(edge) >= 1
                ? 0
                : bessel_i0(k_kaiser_beta * std::sqrt(1 - edge * edge)) / bessel_i0(k_kaiser_beta);
        taps.push_back(cutoff * sinc(cutoff * distance) * window);
        sum += taps.back();
    }
    for (double& tap : taps)
        tap /= sum;  // unity at DC for every phase: no ripple at the phase rate
    return taps;
}

}  // namespace

std::vector<std::int16_t> resample(const std::vector<std::int16_t>& in, unsigned from,
                                   unsigned to) {
    HOLDFAST_ASSERT(from > 0 && to > 0);
    if (from == to) return in;
    const unsigned common = std::gcd(from, to);
    const std::uint64_t up = to / common;
    const std::uint64_t down = from / common;
    const double narrow = std::min(1.0, static_cast<double>(to) / from);
    const int reach = static_cast<int>(std::ceil(k_zero_crossings / narrow));

    std::vector<std::vector<double>> phases(up);
    const auto count = static_cast<std::size_t>((in.size() * up + down / 2) / down);
    std::vector<std::int16_t> out(count);
    const auto last = static_cast<std::int64_t>(in.size()) - 1;
    for (std::size_t n = 0; n < count; ++n) {
        const std::uint64_t position = n * down;
        auto& taps = phases[position % up];
        if (taps.empty()) {
            taps = make_phase(static_cast<double>(position % up) / static_cast<double>(up), reach,
                              k_cutoff * narrow);
        }
        const auto first = static_cast<std::int64_t>(position / up) - reach + 1;
        double sum = 0;
        for (std::size_t k = 0; k < taps.size(); ++k) {
            const std::int64_t at = first + static_cast<std::int64_t>(k);
            if (at >= 0 && at <= last) sum += taps[k] * in[static_cast<std::size_t>(at)];
        }
        out[n] = static_cast<std::int16_t>(std::lround(std::clamp(sum, -32768.0, 32767.0)));
    }
    return out;
}

}  // namespace holdfast::audio
