@NullMarked
package dev.lambic.fronts;

import org.jspecify.annotations.NullMarked;
