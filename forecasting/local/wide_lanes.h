// A function compiled twice: for every processor, and for those with 256-bit lanes. Both give the
// same bits, since neither contracts a product and a sum into one (-ffp-contract=off) nor reorders
// sums; the wide one does four operations at a time.
//
//   const auto run = WidestOf<Run>();  // bool Run(const Series&, Sums&), all of it inline.
//   run(series, sums);
#pragma once

namespace tandem::forecasting {

template <auto kFunction>
struct Wide;

#if defined(__x86_64__)

template <typename Result, typename... Arguments, Result (*kFunction)(Arguments...)>
struct Wide<kFunction> {
  [[gnu::target("avx2"), gnu::flatten]] static Result Run(Arguments... arguments) {
    return kFunction(arguments...);
  }
};

// Only what kFunction calls inline becomes wide.
template <auto kFunction>
auto WidestOf() {
  return __builtin_cpu_supports("avx2") != 0 ? Wide<kFunction>::Run : kFunction;
}

#else

template <auto kFunction>
auto WidestOf() {
  return kFunction;
}

#endif

}  // namespace tandem::forecasting
