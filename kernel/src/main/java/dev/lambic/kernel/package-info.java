@NullMarked
package dev.lambic.kernel;

import org.jspecify.annotations.NullMarked;
