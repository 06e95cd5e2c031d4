@NullMarked
package dev.lambic.runtime;

import org.jspecify.annotations.NullMarked;
