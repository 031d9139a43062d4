/**
 * The bound of nn.Linear's uniform initialisation: weight and bias are both drawn from
 * [-bound, bound). PyTorch computes the weight's as sqrt(3) * sqrt(2 / (1 + 5)) / sqrt(fanIn)
 * (kaiming_uniform_ with a = sqrt 5); in float32, which the draw rounds to, that is the
 * same number as the bias's for every fanIn up to 200,000.
 */
export function linearBound(fanIn: number): number {
  return 1 / Math.sqrt(fanIn)
}
