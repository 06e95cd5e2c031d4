/** Measures Lambic beside the least that could do the same, in one run. */
@NullMarked
package dev.lambic.bench;

import org.jspecify.annotations.NullMarked;
