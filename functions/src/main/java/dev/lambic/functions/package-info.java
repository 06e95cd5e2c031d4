@NullMarked
package dev.lambic.functions;

import org.jspecify.annotations.NullMarked;
